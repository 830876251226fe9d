import type { LogIndex, LogTime } from '@metad/foundation';

/** The plain data of a record or event: JSON and nothing else. Never mutated once made. */
export type Value = Readonly<Record<string, unknown>>;

/** One record of one kind in a partition's state. Immutable: a change makes a new object. */
export interface StoredRecord<V extends Value = Value> {
  readonly kind: string;
  readonly namespace: string;
  /** Unique within kind and namespace: `acme` for a tenant, `acme/db-1` for a resource. */
  readonly key: string;
  /** 1 at creation, +1 on every change. */
  readonly version: number;
  /** Log index of the change that granted the present ownership; null when nobody owns it. */
  readonly fence: LogIndex | null;
  readonly value: V;
  readonly createdAt: LogTime;
  readonly updatedAt: LogTime;
  /** Log index of the last change. */
  readonly index: LogIndex;
  /** Log time at which a time to live ends; null when it has none. Not part of the digest. */
  readonly expiresAt: LogTime | null;
}

/** One event as applied, with the record before and after it: enough to project it. */
export interface RecordChange {
  /** `ResourceAssigned`: the name of the event's class. */
  readonly type: string;
  readonly kind: string;
  readonly namespace: string;
  readonly key: string;
  readonly data: Value;
  readonly before: StoredRecord | null;
  readonly after: StoredRecord | null;
}
