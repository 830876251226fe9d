import { describe, expect, it } from '@jest/globals';
import { partitionId } from '@metad/foundation';
import type { ApplyResult } from '../decide/index.js';
import { RenewalBatcher, type RenewalRequest } from './renewal-batcher.js';

const one = partitionId(1);
const resultOf = (body: string) => ({ duplicate: false, outcome: body }) as unknown as ApplyResult;

describe('renewals', () => {
  it('that arrive together share an entry, and each gets its own result', async () => {
    const entries: (readonly RenewalRequest[])[] = [];
    const batcher = new RenewalBatcher(async (_partition, requests) => {
      entries.push(requests);
      return requests.map(({ body }) => resultOf(body));
    });
    const bodies = ['a', 'b', 'c'];
    const results = await Promise.all(bodies.map((body) => batcher.renew(one, 'prod', body)));
    expect(results).toEqual(bodies.map(resultOf));
    expect(entries).toHaveLength(1);
  });

  it('that arrive while an entry is under way go with the next one', async () => {
    const sizes: number[] = [];
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const batcher = new RenewalBatcher(async (_partition, requests) => {
      sizes.push(requests.length);
      if (sizes.length === 1) await gate;
      return requests.map(({ body }) => resultOf(body));
    });
    const first = batcher.renew(one, 'prod', 'a');
    await new Promise(setImmediate);
    const others = Array.from({ length: 300 }, (_, at) => batcher.renew(one, 'prod', `${at}`));
    release();
    await Promise.all([first, ...others]);
    expect(sizes).toEqual([1, 256, 44]);
  });

  it('fill entries that can be sent: a large one goes by itself', async () => {
    const sizes: number[] = [];
    const batcher = new RenewalBatcher(async (_partition, requests) => {
      sizes.push(requests.length);
      return requests.map(({ body }) => resultOf(body));
    });
    const bodies = [60_000, 60_000, 60_000, 300_000, 1, 1].map((length) => 'x'.repeat(length));
    const results = await Promise.all(bodies.map((body) => batcher.renew(one, 'prod', body)));
    expect(results).toEqual(bodies.map(resultOf));
    expect(sizes).toEqual([2, 1, 1, 2]);
  });

  it('are refused, and surely not done, where too many wait', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const batcher = new RenewalBatcher(async (_partition, requests) => {
      await gate;
      return requests.map(({ body }) => resultOf(body));
    });
    const body = 'x'.repeat(1_000_000);
    const waiting = Array.from({ length: 4 }, () => batcher.renew(one, 'prod', body));
    const refused = batcher.renew(one, 'prod', body);
    await expect(refused).rejects.toMatchObject({ code: 'OVERLOADED', definite: true });
    release();
    await Promise.all(waiting);
    expect(await batcher.renew(one, 'prod', body)).toEqual(resultOf(body));
  });

  it('fail together when their entry fails, and the next ones do not', async () => {
    let fails = true;
    const batcher = new RenewalBatcher(async (_partition, requests) => {
      if (fails) throw new Error('no leader');
      return requests.map(({ body }) => resultOf(body));
    });
    await expect(batcher.renew(one, 'prod', 'a')).rejects.toThrow('no leader');
    fails = false;
    expect(await batcher.renew(one, 'prod', 'b')).toEqual(resultOf('b'));
  });
});
