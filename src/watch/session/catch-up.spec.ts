import { beforeEach, describe, expect, it } from '@jest/globals';
import { WatchedLog } from '../testing/watched-log.js';
import { WatchedNode, type Consumer } from '../testing/watched-node.js';

const entries = 600;
const narrow = { window: { messagesMax: 16, bytesMax: 1e6 } };
const keyOf = (at: number): string => `r${String(at)}`;
const keys = (consumer: Consumer) =>
  consumer.received.filter((one) => one.event === 'change').map((one) => one['id']);
const after = (index: number): string[] =>
  Array.from({ length: entries - index }, (_, at) => keyOf(index + at + 1));

let log: WatchedLog;
let node: WatchedNode;

beforeEach(() => {
  log = new WatchedLog(2);
  node = new WatchedNode(log, narrow);
  for (let at = 1; at <= entries; at += 1) log.append(1, { key: keyOf(at), value: { at } });
  log.replayUpTo(1, entries - 10);
});

async function settleUntil(isDone: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500 && !isDone(); turn += 1) await node.settle();
}

const watchFrom = (index: number, answers = true): Consumer =>
  node.watch(`m1.aa.1.${String(index)},m1.aa.2.0`, {}, 'prod', answers);

/** The consumer takes all that it has got, and from now on whatever comes. */
function take(consumer: Consumer): void {
  consumer.answers = true;
  consumer.watcher?.answered(consumer.marks.at(-1) as number);
}

describe('watchers that are behind what memory holds', () => {
  it('replay a few at a time, and none of them twice', async () => {
    const starts = Array.from({ length: 12 }, (_, at) => at * 7);
    const consumers = starts.map((index) => watchFrom(index));
    await settleUntil(() => consumers.every((one) => keys(one).at(-1) === keyOf(entries)));
    for (const [at, consumer] of consumers.entries()) {
      expect(keys(consumer)).toEqual(after(starts[at] as number));
    }
    expect(log.replays).toBeLessThanOrEqual(starts.length);
  });

  it('follow their other partitions while they wait for their turn', async () => {
    const slow = [0, 1, 2].map((index) => watchFrom(index, false));
    await node.settle();
    const waiting = watchFrom(3);
    log.append(2, { key: 'elsewhere', value: {} });
    await node.settle();
    log.append(2, { key: 'later', value: {} });
    await node.settle();
    expect(keys(waiting)).toEqual(['elsewhere', 'later']);
    for (const one of slow) take(one);
    await settleUntil(() => keys(waiting).includes(keyOf(entries)));
    expect(keys(waiting).slice(2)).toEqual(after(3));
    expect(log.replays).toBeLessThanOrEqual(4);
  });

  it('lose their turn when they take nothing while others wait, and go on later', async () => {
    const slow = [0, 1, 2].map((index) => watchFrom(index, false));
    await node.settle();
    const waiting = watchFrom(3);
    await node.settle();
    expect(keys(waiting)).toEqual([]);
    node.now += 4_000;
    node.sessions.sweep();
    await settleUntil(() => keys(waiting).includes(keyOf(entries)));
    expect(keys(waiting)).toEqual(after(3));
    for (const one of slow) take(one);
    await settleUntil(() => slow.every((one) => keys(one).includes(keyOf(entries))));
    expect(slow.map((one) => keys(one))).toEqual([after(0), after(1), after(2)]);
  });

  it('give their place up when they end', async () => {
    const slow = [0, 1, 2].map((index) => watchFrom(index, false));
    await node.settle();
    const [gone, waiting] = [watchFrom(3), watchFrom(4)];
    await node.settle();
    for (const one of [gone, slow[0]]) node.sessions.close(one?.watcher as never);
    await settleUntil(() => keys(waiting).includes(keyOf(entries)));
    expect(keys(waiting)).toEqual(after(4));
    expect(keys(gone)).toEqual([]);
  });
});
