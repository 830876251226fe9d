import { describe, expect, it } from '@jest/globals';
import type { Done, PeerClient } from '../peers/peer.js';
import type { LoadPlan } from './load-plan.js';
import { runLoad } from './run-load.js';

const plan: LoadPlan = {
  operation: 'put',
  arrival: { kind: 'closed', outstanding: 4 },
  seconds: 0.2,
  warmupSeconds: 0,
  records: 10,
  valueBytes: 64,
  serverPids: [],
};

/** A store that answers as `answer` says. */
function peer(answer: (record: number, done: Done, value: string) => void): PeerClient {
  return {
    insert: (record, value, done) => answer(record, done, value),
    put: (record, value, done) => answer(record, done, value),
    get: (record, done) => answer(record, done, ''),
    close: async () => undefined,
  };
}

describe('a closed loop', () => {
  it('keeps as many outstanding as it was told', async () => {
    let outstanding = 0;
    let most = 0;
    const client = peer((_record, done) => {
      outstanding += 1;
      most = Math.max(most, outstanding);
      setTimeout(() => ((outstanding -= 1), done(null)), 2);
    });
    const result = await runLoad(client, plan);
    expect(most).toBe(4);
    expect(result.completed).toBeGreaterThan(0);
  });

  it('counts refusals apart and goes on', async () => {
    const client = peer((record, done) =>
      setTimeout(done, 1, record % 2 === 0 ? null : new Error('no')),
    );
    const result = await runLoad(client, plan);
    expect(result.failed).toBeGreaterThan(0);
    expect(result.completed).toBeGreaterThan(0);
    expect(result.firstError).toBe('no');
  });

  it('never sends the same value twice, of the size asked for', async () => {
    const values = new Set<string>();
    let sent = 0;
    const client = peer((_record, done, value) => {
      sent += 1;
      values.add(value);
      expect(value).toHaveLength(64);
      setImmediate(done, null);
    });
    await runLoad(client, plan);
    expect(values.size).toBe(sent);
  });
});

describe('an open loop', () => {
  it('says how many requests were never sent', async () => {
    const arrival = { kind: 'open', perSecond: 1_000, outstandingMax: 2 } as const;
    const client = peer((_record, done) => void setTimeout(done, 100, null));
    const result = await runLoad(client, { ...plan, arrival });
    expect(result.unsent).toBeGreaterThan(100);
  });
});

describe('filling', () => {
  it('inserts every record once', async () => {
    const seen: number[] = [];
    const client = peer((record, done) => (seen.push(record), setImmediate(done, null)));
    await runLoad(client, { ...plan, operation: 'insert' });
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});
