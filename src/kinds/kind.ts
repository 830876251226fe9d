import type { Decider, DomainEvent, KindCommand, Value } from '@metad/eventsourcing';
import type { z } from 'zod';
import type { PlainCheck } from './plain-data.js';

/** What a command is hashed to a partition by. */
export interface Routing {
  readonly key: string;
  /** True: the whole key is hashed (`getPrefixPartitionKey`), else the part before its last `/`. */
  readonly prefix: boolean;
}

/** One command of one kind: how it is checked at the door and where it goes. */
export interface CommandDefinition<D = unknown> {
  /** `AssignResource`: the last token of its subject. */
  readonly name: string;
  readonly kind: string;
  /**
   * A strict object without transforms or defaults: the bytes that enter the log are the ones
   * that were checked.
   */
  readonly schema: z.ZodType;
  /** Spares plain data the schema; for commands that come by the thousand. */
  readonly plain?: PlainCheck;
  routing(namespace: string, data: D): Routing;
  /** Keys of the records it is about, within its namespace: one, unless `report` is there. */
  recordKeys(data: D): readonly string[];
  /** False for removals, which are admitted also over quota and on a nearly full disk. */
  readonly grows: boolean;
  /**
   * Marks a command about many records (`RenewInstances`): each is decided by itself, none fails
   * the others, and this event tells the client which were not there. It is not dispatched.
   */
  report?(data: D, unknownKeys: readonly string[]): DomainEvent;
}

/** A record that another kind's rules count: resources of a tenant. */
export interface ParentReference {
  readonly kind: string;
  readonly key: string;
}

/** Time to live of a kind's records. */
export interface Lease<V extends Value> {
  /** Events with which the time begins anew; others leave it running. */
  readonly begunBy: readonly string[];
  /** Milliseconds; null when this record has none. */
  ttlMsOf(value: V): number | null;
}

/** Which events grant ownership anew, with a new fence, and who holds it. */
export interface Ownership<V extends Value> {
  readonly grantedBy: readonly string[];
  ownerOf(value: V): string | null;
}

/** What the machinery needs to know of a kind; everything else stays in the kind's folder. */
export interface KindDefinition<V extends Value = Value> {
  /** `tenant`, `resource`, `instance`, `shard-map`, `routing-table`. */
  readonly kind: string;
  readonly commands: readonly CommandDefinition[];
  readonly decider: Decider<V, KindCommand, DomainEvent>;
  /** Names of all events, which are the names of their classes in `*.events.ts`. */
  readonly events: readonly string[];
  /** The id that clients see for a record key: `db-1` for the resource `acme/db-1`. */
  idOf(key: string): string;
  readonly lease?: Lease<V>;
  readonly ownership?: Ownership<V>;
  parentOf?(value: V): ParentReference | null;
}
