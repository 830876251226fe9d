import type { LogIndex, NodeName, Term } from '@metad/foundation';
import type { ConfState, Entry } from './entry.js';
import type { Message } from './message.js';

export type Role = 'follower' | 'preCandidate' | 'candidate' | 'leader';

/** What a replica must never forget: fsynced before any message that depends on it. */
export interface HardState {
  readonly term: Term;
  readonly vote: NodeName | null;
  /** A hint that shortens recovery; may lag behind, never ahead. */
  readonly commit: LogIndex;
}

/** What a replica may forget. */
export interface SoftState {
  readonly role: Role;
  readonly leader: NodeName | null;
}

export interface SnapshotMeta {
  readonly index: LogIndex;
  readonly term: Term;
  readonly conf: ConfState;
}

/** The answer to `readIndex`: serve the read once `index` is applied; `index` 0 means refused. */
export interface ReadState {
  readonly context: number;
  readonly index: LogIndex;
}

/**
 * Everything the outside must do after one or more steps, as data. The driver does it in this
 * order: send `messages` (they depend on nothing unsaved) → persist `snapshot`, `hardState` and
 * `entries` in one durable write → send `messagesAfterPersist` and acknowledge with
 * `persisted(...)` → apply `committed` and acknowledge with `applied(...)`. `readStates` may be
 * answered at once. The core never waits: further Readys may be taken while writes are under way.
 * Every Ready that `awaitsPersist` is acknowledged by exactly one `persisted(...)`, in the order of
 * taking; its `messagesAfterPersist` wait for all earlier writes too, also when it has none itself.
 * `committed` never holds an entry that is not yet durable here, so it needs no waiting either.
 */
export interface Ready {
  /** Set when term, vote or commit changed. */
  readonly hardState: HardState | null;
  /**
   * There is something to write. False when only `commit` moved, a hint that may be written with
   * any later Ready, or not at all.
   */
  readonly mustSync: boolean;
  /** There is something to write or to say afterwards: acknowledge it. */
  readonly awaitsPersist: boolean;
  /** To append. A first index at or below the stored last index cuts the stored suffix first. */
  readonly entries: readonly Entry[];
  /** A snapshot to install in place of everything stored, or null. */
  readonly snapshot: SnapshotMeta | null;
  readonly messages: readonly Message[];
  readonly messagesAfterPersist: readonly Message[];
  /** Committed entries to apply, contiguous, each exactly once. */
  readonly committed: readonly Entry[];
  readonly readStates: readonly ReadState[];
  /** Set when role or leader changed. */
  readonly softState: SoftState | null;
}

/** A replica's view of its own stored log; reads are synchronous and never see unsynced truth. */
export interface StoredLog {
  /** First index still present; lastIndex + 1 when the log is empty. */
  firstIndex(): LogIndex;
  lastIndex(): LogIndex;
  /** Term at `index`, for firstIndex − 1 (the snapshot's) … lastIndex; null when compacted away. */
  termAt(index: LogIndex): Term | null;
  /** Entries in [from, to), at least one, up to `bytesMax`; null when compacted away. */
  entries(from: LogIndex, to: LogIndex, bytesMax: number): readonly Entry[] | null;
  /** The newest snapshot: what a follower gets that fell behind firstIndex. */
  snapshot(): SnapshotMeta;
}
