import { beforeEach, describe, expect, it } from '@jest/globals';
import { logIndex, nodeName, partitionId, term } from '@metad/foundation';
import type { LogIndex } from '@metad/foundation';
import { MemorySnapshotStore } from '../../storage/memory/memory-snapshot-store.js';
import { DEFAULT_NODE_LIMITS } from '../node-options.js';
import type { RaftNodeOptions } from '../node-options.js';
import type { Partition } from '../partition/partition.js';
import { SnapshotWriter } from './snapshot-writer.js';

const p1 = partitionId(1);
const n1 = nodeName('n1');
const conf = { voters: [n1], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };

async function* imageChunks(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('state');
}

describe('a snapshot of its own', () => {
  let compacted: LogIndex[];
  let partition: Partition;
  let writer: SnapshotWriter;
  let finish: () => void;

  const settled = async (): Promise<void> => {
    for (let turns = 0; turns < 100; turns += 1) await Promise.resolve();
  };

  beforeEach(() => {
    compacted = [];
    const store = new MemorySnapshotStore();
    const written = new Promise<void>((resolve) => (finish = resolve));
    const write: MemorySnapshotStore['write'] = async (...parts) => {
      await written;
      return MemorySnapshotStore.prototype.write.apply(store, parts);
    };
    const options = {
      snapshots: Object.assign(store, { write }),
      log: { compact: (_id: unknown, { index }: { index: LogIndex }) => compacted.push(index) },
      turns: { next: (callback: () => void) => callback() },
    } as unknown as RaftNodeOptions;
    const limits = { ...DEFAULT_NODE_LIMITS, snapshotEntries: 10, snapshotPauseMs: 0 };
    writer = new SnapshotWriter(options, limits);
    const index = logIndex(12);
    partition = {
      id: p1,
      state: 'running',
      appliedIndex: index,
      snapshotIndex: logIndex(0),
      snapshotRetry: logIndex(0),
      snapshotEntriesWorth: 0,
      snapshotting: false,
      holds: null,
      stored: { termAt: () => term(1), firstIndex: () => logIndex(1) },
      replica: { status: () => ({ conf, applied: index }), compacted: () => undefined },
      machine: {
        capture: () => ({ index, entriesWorth: 0, chunks: imageChunks, release: () => undefined }),
      },
    } as unknown as Partition;
    writer.maybeTake(partition);
  });

  it('lets the log go as far as it covers', async () => {
    finish();
    await settled();
    expect([compacted, partition.snapshotIndex, writer.failures]).toEqual([[12], 12, 0]);
  });

  it('counts for nothing when a newer one was installed while it was written', async () => {
    await settled();
    partition.snapshotIndex = logIndex(40);
    finish();
    await settled();
    expect([compacted, partition.snapshotIndex, writer.failures]).toEqual([[], 40, 0]);
  });
});
