import { logIndex, nodeName, term } from '@metad/foundation';
import type { PartitionId } from '@metad/foundation';
import type { Entry, HardState, SnapshotMeta, StoredLog } from '../../libs/raft/src/core/index.js';
import type { PartitionWrite } from '../../libs/raft/src/storage/log-port.js';

const conf = {
  voters: ['n1', 'n2', 'n3'].map(nodeName),
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};

export const snapshotAt = (index: number, termOf: number): SnapshotMeta => ({
  index: logIndex(index),
  term: term(termOf),
  conf,
});

export const entry = (index: number, termOf: number, text = `e${index}@${termOf}`): Entry => ({
  index: logIndex(index),
  term: term(termOf),
  kind: 'command',
  data: Uint8Array.from(text, (letter) => letter.charCodeAt(0)),
  change: null,
});

export const write = (
  partition: PartitionId,
  entries: readonly Entry[],
  hardState: HardState | null = null,
): PartitionWrite => ({ partition, hardState, snapshot: null, entries });

/** Everything that a stored log can be asked. */
export function everything(stored: StoredLog): {
  first: number;
  snapshot: SnapshotMeta;
  terms: (number | null)[];
  entries: Entry[];
} {
  const first = stored.firstIndex();
  const entries: Entry[] = [];
  while (entries.length < stored.lastIndex() - first + 1) {
    const from = logIndex(first + entries.length);
    entries.push(...(stored.entries(from, logIndex(stored.lastIndex() + 1), 1000) ?? []));
  }
  const terms = entries.map((found) => stored.termAt(found.index));
  terms.unshift(stored.termAt(logIndex(first - 1)));
  return { first, snapshot: stored.snapshot(), terms, entries };
}
