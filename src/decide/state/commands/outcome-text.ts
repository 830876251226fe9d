import { jsonText } from '@metad/eventsourcing';
import type { Rejection, StoredRecord } from '@metad/eventsourcing';
import { invariant } from '@metad/foundation';
import type { Accepted, Outcome } from '../../outcome.js';
import { eventsText } from '../../record-text.js';

/*
 * What a remembered outcome has beside its row, as JSON: events or rejection, and the record. Of
 * the record only what does not follow from the row (`Outcome` in brief) and the events: nearly
 * always its value is the very data of the last event, and it was changed by this very entry.
 */

/** Names that a record in a text may lack. */
type KeptRecord = Pick<StoredRecord, 'kind' | 'namespace' | 'key' | 'createdAt'> &
  Partial<StoredRecord>;

interface Kept {
  readonly events?: Accepted['events'];
  readonly rejection?: Rejection;
  readonly record: KeptRecord | null;
}

export function outcomeText(outcome: Outcome): string {
  const record = outcome.record ?? null;
  const after = record === null ? 'null' : keptText(record, outcome);
  return outcome.accepted
    ? `{"events":${eventsText(outcome.events)},"record":${after}}`
    : `{"rejection":${JSON.stringify(outcome.rejection)},"record":${after}}`;
}

function keptText(record: StoredRecord, outcome: Outcome): string {
  const { kind, namespace, key, value, version, fence, createdAt, updatedAt, expiresAt } = record;
  let text = `{"kind":"${kind}","namespace":"${namespace}","key":${JSON.stringify(key)}`;
  text += `,"createdAt":${createdAt}`;
  if (version !== versionOf(outcome)) text += `,"version":${version}`;
  if (fence !== fenceOf(outcome)) text += `,"fence":${fence}`;
  if (record.index !== outcome.index) text += `,"index":${record.index}`;
  if (updatedAt !== outcome.time) text += `,"updatedAt":${updatedAt}`;
  if (expiresAt !== null) text += `,"expiresAt":${expiresAt}`;
  if (value !== dataOf(outcome)) text += `,"value":${jsonText(value)}`;
  return `${text}}`;
}

/** The outcome of which `brief` is in the row, and the rest in what `outcomeText` wrote. */
export function readOutcome(text: string, brief: Outcome): Outcome {
  const { events = [], rejection, record } = JSON.parse(text) as Kept;
  const outcome: Outcome = brief.accepted
    ? { ...brief, events }
    : { ...brief, rejection: rejection ?? brief.rejection };
  return { ...outcome, record: record === null ? null : recordOf(record, outcome) };
}

function recordOf(kept: KeptRecord, outcome: Outcome): StoredRecord {
  const value = kept.value ?? dataOf(outcome);
  invariant(value !== undefined, 'a remembered record has its value or an event that holds it');
  return {
    ...{ version: versionOf(outcome), fence: fenceOf(outcome), index: outcome.index },
    ...{ updatedAt: outcome.time, expiresAt: null, ...kept, value },
  };
}

const versionOf = (outcome: Outcome) => (outcome.accepted ? outcome.version : 0);
const fenceOf = (outcome: Outcome) => (outcome.accepted ? outcome.fence : null);
const dataOf = (outcome: Outcome) =>
  outcome.accepted ? outcome.events[outcome.events.length - 1]?.data : undefined;

/** Images up to format 3 had outcomes as a whole, at most without the record's value. */
export function readOutcome3(text: string): Outcome {
  const outcome = JSON.parse(text) as Outcome;
  if (!outcome.accepted || outcome.record === null || 'value' in outcome.record) return outcome;
  const value = dataOf(outcome);
  invariant(value !== undefined, 'a remembered record has its value or an event that holds it');
  return { ...outcome, record: { ...(outcome.record as StoredRecord), value } };
}
