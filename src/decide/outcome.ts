import type { LogIndex, LogTime, PartitionId } from '@metad/foundation';
import { formatPosition, MetadError } from '@metad/contract';
import type { CommandReply, EventBody, RecordBody } from '@metad/contract';
import { formatIsoTime } from '@metad/eventsourcing';
import type { RecordChange, Rejection, StoredRecord } from '@metad/eventsourcing';
import type { KindRegistry } from '../kinds/index.js';

/** What became of a command when it was applied; the same on every replica. */
export type Outcome = Accepted | Refused;

export interface Accepted {
  readonly accepted: true;
  /** False: the answer is yes and nothing changed (`noop`). */
  readonly changed: boolean;
  /** Of the (last) record it was about; 0 when there is none. */
  readonly version: number;
  readonly fence: LogIndex | null;
  readonly index: LogIndex;
  readonly time: LogTime;
  readonly events: readonly EventBody[];
  /** The record afterwards; null when it was removed or the command is about many. */
  readonly record: StoredRecord | null;
  /** Said of what is remembered in brief only: its events and its record are no longer known. */
  readonly brief?: true;
}

export interface Refused {
  readonly accepted: false;
  readonly index: LogIndex;
  readonly time: LogTime;
  readonly rejection: Rejection;
  /** The record that stands in the way, as it was then; undefined: none is meant. */
  readonly record: StoredRecord | null | undefined;
  /** Said of what is remembered in brief only: message, details and record are not known. */
  readonly brief?: true;
}

/** What `apply` returns to the proposer. `duplicate`: this is the outcome of an earlier entry. */
export interface ApplyResult {
  readonly duplicate: boolean;
  readonly outcome: Outcome;
}

/** What a command would do if it were applied now. */
export interface DryRunResult extends ApplyResult {
  readonly changes: readonly RecordChange[];
}

/** Where the partition's indexes count: what turns an index into a position. */
export interface PositionScope {
  readonly incarnation: string;
  readonly partition: PartitionId;
}

/** The reply to the client. Throws the `MetadError` of a refused command. */
export function toCommandReply(
  { outcome, duplicate }: ApplyResult,
  scope: PositionScope,
  registry: KindRegistry,
): CommandReply {
  if (!outcome.accepted) throw toError(outcome, scope, registry);
  const { version, fence, events, record } = outcome;
  return {
    outcome: replyName(outcome, duplicate),
    version,
    ...(fence === null ? {} : { fence }),
    position: formatPosition(scope.incarnation, scope.partition, outcome.index),
    ...(outcome.brief === true && { brief: true }),
    events,
    record: record === null ? null : toRecordBody(record, registry),
  };
}

/** How the reply to an accepted command names what became of it. */
export const replyName = ({ changed }: Accepted, duplicate: boolean): CommandReply['outcome'] =>
  duplicate ? 'duplicate' : changed ? 'applied' : 'noop';

/** The error of a refused command: with the rule's id and, for conflicts, the record. */
export function toError(
  refused: Refused,
  scope: PositionScope,
  registry: KindRegistry,
): MetadError {
  const { code, rule, message, details } = refused.rejection;
  return new MetadError(code, message, {
    ...details,
    rule,
    ...standing(refused, registry),
    position: formatPosition(scope.incarnation, scope.partition, refused.index),
  });
}

/** Says nothing rather than that there is no record, where that is not known. */
function standing({ record, brief }: Refused, registry: KindRegistry): object {
  if (brief === true) return { brief };
  if (record === undefined) return {};
  const version = record?.version ?? 0;
  return { version, record: record === null ? null : toRecordBody(record, registry) };
}

/**
 * A record as clients see it: its value's fields beside the ones that every record has. Where both
 * have a name (`kind` of a resource) the value's is shown.
 */
export function toRecordBody(record: StoredRecord, registry: KindRegistry): RecordBody {
  const { kind, namespace, key, version, fence, createdAt, updatedAt, expiresAt } = record;
  return {
    kind,
    namespace,
    id: registry.kind(kind)?.idOf(key) ?? key,
    ...record.value,
    version,
    ...(fence === null ? {} : { fence }),
    createdAt: formatIsoTime(createdAt),
    updatedAt: formatIsoTime(updatedAt),
    ...(expiresAt === null ? {} : { expiresAt: formatIsoTime(expiresAt) }),
  };
}
