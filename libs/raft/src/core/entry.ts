import type { LogIndex, NodeName, Term } from '@metad/foundation';

/**
 * What an entry is for: a term-start no-op, a command of the application, or a membership change.
 */
export type EntryKind = 'noop' | 'command' | 'conf';

/** One record of a partition's log. Immutable once made; `data` is opaque to consensus. */
export interface Entry {
  readonly index: LogIndex;
  readonly term: Term;
  readonly kind: EntryKind;
  /** The application's bytes; empty for `noop` and `conf`. */
  readonly data: Uint8Array;
  /** The membership change of a `conf` entry, else null. */
  readonly change: ConfChange | null;
}

/** Bytes that an entry counts for in every limit: its data and a fixed overhead. */
export const entryBytes = (entry: Entry): number => entry.data.length + 48;

export function bytesOf(entries: readonly Entry[]): number {
  let bytes = 0;
  for (const entry of entries) bytes += entryBytes(entry);
  return bytes;
}

/**
 * A membership change (thesis §4). One step changes the configuration directly; several go through
 * a joint configuration; an empty `steps` leaves it.
 */
export interface ConfChange {
  readonly steps: readonly ConfStep[];
  /**
   * How to leave a joint configuration: by itself once committed, or by an explicit empty change.
   */
  readonly autoLeave: boolean;
}

export interface ConfStep {
  readonly action: 'addVoter' | 'addLearner' | 'remove';
  readonly node: NodeName;
}

/** Who votes and who listens, as recorded in snapshots. All lists sorted, without repetition. */
export interface ConfState {
  readonly voters: readonly NodeName[];
  /** The voters of the configuration being left; empty unless joint. */
  readonly votersOutgoing: readonly NodeName[];
  readonly learners: readonly NodeName[];
  /** Voters of the outgoing configuration that become learners when the joint one is left. */
  readonly learnersNext: readonly NodeName[];
  readonly autoLeave: boolean;
}
