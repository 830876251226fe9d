import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import type { Response } from 'express';
import type { ClusterSnapshot } from '../cluster/snapshot.js';
import { Viewers, viewersMax } from './viewers.js';

const snapshot: ClusterSnapshot = {
  ...{ at: 1, by: 'n1', cluster: 'c', incarnation: null, nodes: [], projections: [], jobs: [] },
  ...{ committedRate: null, partitions: [], commands: [] },
};

class FakeResponse extends EventEmitter {
  readonly events: string[] = [];
  writableNeedDrain = false;
  status = () => this;
  setHeader = () => this;
  flushHeaders = () => undefined;
  write = (text: string) => this.events.push(/event: (\w+)/.exec(text)?.[1] ?? '');
  end = (text: string) => this.write(text);
}

/** Looks happen when the test lets the clock strike. */
function hub() {
  const strikes: (() => void)[] = [];
  let looks = 0;
  let forgotten = 0;
  const look = async () => {
    looks += 1;
    return snapshot;
  };
  const viewers = new Viewers(
    { look, forget: () => (forgotten += 1) },
    {
      now: () => 0,
      monotonic: () => 0,
      after: (_ms, done) => (strikes.push(done), () => undefined),
    },
    (error) => {
      throw error as Error;
    },
  );
  const add = () => {
    const response = new FakeResponse();
    viewers.add(response as unknown as Response);
    return response;
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const strike = async () => {
    strikes.shift()?.();
    await settle();
  };
  return { viewers, add, strike, settle, looks: () => looks, forgotten: () => forgotten };
}

describe('viewers', () => {
  it('share one look a second: all of it at first, then what changed', async () => {
    const { add, strike, settle, looks } = hub();
    const first = add();
    await settle();
    const second = add();
    await strike();
    expect(first.events).toEqual(['snapshot', 'delta']);
    expect(second.events).toEqual(['snapshot', 'delta']);
    expect(looks()).toBe(2);
  });

  it('cost nothing once the last has gone', async () => {
    const { add, strike, settle, looks, forgotten } = hub();
    const response = add();
    await settle();
    response.emit('close');
    await strike();
    await strike();
    expect([looks(), forgotten()]).toEqual([1, 1]);
  });

  it('who read too slowly get the whole again', async () => {
    const { add, strike, settle } = hub();
    const slow = add();
    await settle();
    slow.writableNeedDrain = true;
    await strike();
    slow.writableNeedDrain = false;
    await strike();
    await strike();
    expect(slow.events).toEqual(['snapshot', 'snapshot', 'delta']);
  });

  it('are refused beyond the limit, and while the node stops', async () => {
    const { viewers, add } = hub();
    const all = Array.from({ length: viewersMax }, add);
    expect(add).toThrow(`${viewersMax} dashboards are open`);
    viewers.close();
    expect(all[0]?.events.at(-1)).toBe('closing');
    expect(add).toThrow('stopping');
  });
});
