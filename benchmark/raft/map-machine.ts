import { logIndex } from '@metad/foundation';
import type { LogIndex } from '@metad/foundation';
import type { Entry, SnapshotStore, StateImage, StateMachine } from '@metad/raft';

/** Keys of all partitions of a node: as much state with a thousand partitions as with eight. */
const KEYS = 65_536;

/** The least a state machine can do: remember the bytes under a key. */
export class MapMachine implements StateMachine {
  private readonly keys: number;
  private readonly byKey = new Map<number, Uint8Array>();
  private index = logIndex(0);

  constructor(partitions: number) {
    this.keys = Math.ceil(KEYS / partitions);
  }

  apply(entry: Entry): unknown {
    this.index = entry.index;
    if (entry.kind !== 'command') return null;
    const { data } = entry;
    const key = (((data[0] ?? 0) << 8) | (data[1] ?? 0)) % this.keys;
    this.byKey.set(key, data);
    return null;
  }

  appliedIndex(): LogIndex {
    return this.index;
  }

  capture(): StateImage {
    throw new Error('the benchmark takes no snapshots');
  }

  restore(): Promise<void> {
    throw new Error('the benchmark installs no snapshots');
  }
}

const refuse = (): never => {
  throw new Error('the benchmark takes no snapshots');
};

export const noSnapshots: SnapshotStore = {
  latest: () => null,
  newestUpTo: () => null,
  write: refuse,
  read: refuse,
  readChunk: () => Promise.resolve(null),
  receive: refuse,
  prune: () => Promise.resolve(),
};
