import { beforeEach, describe, expect, it } from '@jest/globals';
import { logIndex, nodeName, partitionId, term } from '@metad/foundation';
import type { StoredSnapshot } from '../../storage/snapshot-port.js';
import { MemorySnapshotStore } from '../../storage/memory/memory-snapshot-store.js';
import { decodeAnswer, encodeRequest } from './snapshot-frames.js';
import type { SnapshotAnswer, SnapshotRequest } from './snapshot-frames.js';
import { SnapshotReceiver } from './snapshot-receiver.js';

const n1 = nodeName('n1');
const n2 = nodeName('n2');
const conf = { voters: [n1, n2], votersOutgoing: [], learners: [], learnersNext: [] };

const snapshotAt = (index: number, chunks = 2): StoredSnapshot => ({
  meta: { index: logIndex(index), term: term(1), conf: { ...conf, autoLeave: false } },
  bytes: 10,
  chunks,
  checksum: index,
});

// A leader that dies in the middle of a transfer never says that it will not go on.
describe('a receiver of snapshots', () => {
  let applied: number;
  let receiver: SnapshotReceiver;
  let received: number[];

  const ask = (request: SnapshotRequest): Promise<SnapshotAnswer> =>
    new Promise((resolve) => {
      const respond = (reply: Uint8Array): void => resolve(decodeAnswer(reply));
      receiver.onFrame(n2, encodeRequest(request), respond);
    });
  const offer = async (partition: number, index: number): Promise<string> => {
    const snapshot = snapshotAt(index);
    const answer = await ask({ op: 'offer', partition: partitionId(partition), snapshot });
    return answer.status;
  };
  const put = (partition: number, index: number, chunk: number): Promise<SnapshotAnswer> => {
    const bytes = Buffer.from('12345');
    const of = { partition: partitionId(partition), checksum: index };
    return ask({ op: 'chunk', ...of, chunk, bytes });
  };

  beforeEach(() => {
    applied = 0;
    received = [];
    receiver = new SnapshotReceiver(new MemorySnapshotStore(), {
      self: n1,
      wants: (_partition, { meta }) => applied < meta.index,
      onReceived: (partition) => received.push(partition),
    });
  });

  it('takes in four at a time', async () => {
    for (const partition of [1, 2, 3, 4]) expect(await offer(partition, 10)).toBe('next');
    expect(await offer(5, 10)).toBe('refused');
  });

  it('gives up those whose replicas have caught up by their logs', async () => {
    for (const partition of [1, 2, 3, 4]) await offer(partition, 10);
    applied = 10;
    expect(await offer(5, 20)).toBe('next');
  });

  it('gives up those that nobody has gone on with for long', async () => {
    for (const partition of [1, 2, 3, 4]) await offer(partition, 10);
    let refused = 0;
    while ((await offer(5, 20)) === 'refused') refused += 1;
    expect(refused).toBeGreaterThan(8);
    expect(refused).toBeLessThan(32);
  });

  it('keeps one that goes on, however many others are offered', async () => {
    for (const partition of [1, 2, 3, 4]) await offer(partition, 10);
    for (let turn = 0; turn < 10; turn += 1) await offer(5, 20);
    await put(1, 10, 0);
    while ((await offer(5, 20)) === 'refused');
    expect(await put(1, 10, 1)).toEqual({ status: 'next', next: 2 });
    expect((await put(2, 10, 0)).status).toBe('refused');
  });

  it('lets go of one that is complete too late', async () => {
    await offer(1, 10);
    await put(1, 10, 0);
    await put(1, 10, 1);
    applied = 10;
    const finish = {
      op: 'finish',
      partition: partitionId(1),
      checksum: 10,
      term: term(1),
    } as const;
    expect((await ask(finish)).status).toBe('refused');
    expect(received).toEqual([]);
  });
});
