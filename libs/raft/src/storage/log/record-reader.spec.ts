import { describe, expect, it } from '@jest/globals';
import { logIndex, nodeName, partitionId, term } from '@metad/foundation';
import type { Clock, PartitionId } from '@metad/foundation';
import type { Entry } from '../../core/index.js';
import { SimulatedDisk } from '../../testing/simulated-disk.js';
import type { DiskFile, FileSystem } from '../file-system-port.js';
import { openNodeLog } from './open-node-log.js';

const clock: Clock = {
  now: () => 0,
  monotonic: () => 0,
  after: (_delayMs, callback) => {
    queueMicrotask(callback);
    return () => undefined;
  },
};
const conf = {
  voters: [nodeName('n1')],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};
const data = new Uint8Array(1000).fill(7);
const rounds = 100;

const entry = (index: number): Entry => ({
  index: logIndex(index),
  term: term(1),
  kind: 'command',
  data,
  change: null,
});

/** A disk that counts what is read from it. */
class CountedDisk extends SimulatedDisk {
  bytes = 0;
  reads = 0;

  override open(path: string, mode: Parameters<FileSystem['open']>[1]): DiskFile {
    const file = super.open(path, mode);
    const read = file.read.bind(file);
    file.read = (target, position) => {
      this.bytes += target.length;
      this.reads += 1;
      return read(target, position);
    };
    return file;
  }
}

/** Opens a log anew to which `count` partitions wrote in turns, and reads one of them through. */
async function readOneOf(count: number): Promise<CountedDisk> {
  const disk = new CountedDisk({ clock, seed: 1 });
  const owner = { cluster: 'test', node: nodeName('n1'), directory: '/data' };
  const options = { ...owner, clock, fileSystem: disk, segmentBytes: 4 << 20 };
  const partitions: PartitionId[] = Array.from({ length: count }, (_, at) => partitionId(at + 1));
  const written = await openNodeLog(options);
  for (const partition of partitions) {
    written.create(partition, { index: logIndex(0), term: term(0), conf });
  }
  for (let index = 1; index <= rounds; index += 1) {
    const entries = [entry(index)];
    const write = { hardState: null, snapshot: null, entries };
    await written.append(
      partitions.map((partition) => ({ partition, ...write })),
      true,
    );
  }
  await written.close();
  const opened = await openNodeLog(options);
  disk.bytes = 0;
  disk.reads = 0;
  const stored = opened.partition(partitionId(1));
  const found = stored.entries(logIndex(1), logIndex(rounds + 1), Infinity);
  expect(found?.map((one) => one.index)).toEqual(
    Array.from({ length: rounds }, (_, at) => logIndex(at + 1)),
  );
  return disk;
}

describe('reading entries back', () => {
  it('takes a partition that has the log for itself in large pieces', async () => {
    const disk = await readOneOf(1);
    expect(disk.reads).toBeLessThan(4);
  });

  it('takes only its own records from a log that many partitions share', async () => {
    const disk = await readOneOf(16);
    expect(disk.bytes).toBeLessThan(rounds * (data.length + 200));
  });
});
