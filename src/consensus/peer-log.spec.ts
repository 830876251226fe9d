import { describe, expect, it } from '@jest/globals';
import { MetadError } from '@metad/contract';
import { logIndex, nodeName, partitionId, term, type Clock } from '@metad/foundation';
import type { Entry } from '@metad/raft';
import type { PeerAdmin } from './joining/peer-admin.js';
import { PeerLog, tellEntry } from './peer-log.js';

const entryAt = (index: number): Entry => ({
  index: logIndex(index),
  term: term(3),
  kind: 'command',
  data: Uint8Array.of(index, 0, 255),
  change: null,
});

/** Peers by name, each with the first index it holds; the last is 20. Null: it does not answer. */
function peerLog(held: Readonly<Record<string, number | null>>) {
  const asked: string[] = [];
  const peers = {
    ask: async (peer: string, _noun: string, _verb: string, { from }: { from: number }) => {
      asked.push(peer);
      const first = held[peer] ?? null;
      if (first === null) throw new MetadError('NO_LEADER', 'away');
      const begin = Math.max(from, first);
      const entries = Array.from({ length: 21 - begin }, (_, at) => tellEntry(entryAt(begin + at)));
      return { entries };
    },
  } as unknown as PeerAdmin;
  let now = 0;
  const clock: Clock = { now: () => now, monotonic: () => now, after: () => () => undefined };
  const others = () => Object.keys(held).map(nodeName);
  const pass = (ms: number): void => void (now += ms);
  return { asked, pass, log: new PeerLog(peers, others, clock) };
}

describe('what a node never had', () => {
  it('is told by the first peer that holds it, byte for byte', async () => {
    const { log, asked } = peerLog({ n1: null, n2: 1, n3: 1 });
    const entries = await log.read(partitionId(1), logIndex(7));
    expect(entries?.map((entry) => ({ ...entry, data: [...entry.data] }))).toEqual(
      Array.from({ length: 14 }, (_, at) => ({ ...entryAt(7 + at), data: [7 + at, 0, 255] })),
    );
    expect(asked).toEqual(['n1', 'n2']);
  });

  it('is not made up: an answer that begins later is no answer', async () => {
    const { log, asked } = peerLog({ n2: 12, n3: 15 });
    expect(await log.read(partitionId(1), logIndex(7))).toBeNull();
    expect(asked).toEqual(['n2', 'n3']);
  });

  it('is waited for while somebody who may have it is away, but not for ever', async () => {
    const { log, pass } = peerLog({ n2: 12, n3: null });
    const read = () => log.read(partitionId(1), logIndex(7));
    await expect(read()).rejects.toThrow('may be with n3');
    pass(299_000);
    await expect(read()).rejects.toThrow('may be with n3');
    pass(1_000);
    expect(await read()).toBeNull();
  });
});
