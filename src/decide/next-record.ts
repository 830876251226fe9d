import type { LogTime } from '@metad/foundation';
import type { DecideContext, DomainEvent, StoredRecord, Value } from '@metad/eventsourcing';
import type { KindDefinition } from '../kinds/index.js';

/** Which record of which kind. */
export interface RecordAddress {
  readonly kind: KindDefinition;
  readonly namespace: string;
  readonly key: string;
}

/**
 * The record after `event`: the kind evolves the value, and here the rest follows from what the
 * kind declares: version, fence, lease. Null when the record is gone.
 */
export function nextRecord(
  { kind, namespace, key }: RecordAddress,
  before: StoredRecord | null,
  event: DomainEvent,
  { now, index }: Pick<DecideContext, 'now' | 'index'>,
): StoredRecord | null {
  const value = kind.decider.evolve(before === null ? null : before.value, event);
  if (value === null) return null;
  return {
    kind: kind.kind,
    namespace,
    key,
    version: before === null ? 1 : before.version + 1,
    fence: fenceAfter(kind, before, event, value, index),
    value,
    createdAt: before === null ? now : before.createdAt,
    updatedAt: now,
    index,
    expiresAt: leaseEndAfter(kind, before, event, value, now),
  };
}

/** A grant takes the index of its entry, which no later grant can fall below. */
function fenceAfter(
  { ownership }: KindDefinition,
  before: StoredRecord | null,
  event: DomainEvent,
  value: Value,
  index: StoredRecord['index'],
): StoredRecord['fence'] {
  if (ownership === undefined || ownership.ownerOf(value) === null) return null;
  return ownership.grantedBy.includes(event.type) ? index : (before?.fence ?? null);
}

function leaseEndAfter(
  { lease }: KindDefinition,
  before: StoredRecord | null,
  event: DomainEvent,
  value: Value,
  now: LogTime,
): LogTime | null {
  const ttlMs = lease === undefined ? null : lease.ttlMsOf(value);
  if (lease === undefined || ttlMs === null) return null;
  const running = before?.expiresAt ?? null;
  if (running !== null && !lease.begunBy.includes(event.type)) return running;
  return (now + ttlMs) as LogTime;
}
