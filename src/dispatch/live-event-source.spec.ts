import { describe, expect, it } from '@jest/globals';
import { logIndex, partitionId } from '@metad/foundation';
import { AppliedLog, appendWorkload, partitionsUpTo } from '../../test/fixtures/applied-log.js';
import { ReplayedLog } from '../../test/fixtures/replayed-log.js';
import { PositionCompacted, replaysKeptMax } from './event-source.js';
import { LiveEventSource } from './live-event-source.js';

const one = partitionId(1);

/** A log of `count` entries in one partition, fed to a source that keeps `held` in memory. */
function sourceOver(count: number, held: number, bytesMax = 1e9) {
  const log = new AppliedLog(partitionsUpTo(1));
  appendWorkload(log, 5, count);
  const replayed = new ReplayedLog(log);
  const source = new LiveEventSource(replayed.ports(), {
    entriesMax: held,
    bytesMax,
    entriesMin: held,
  });
  for (let at = 1; at <= count; at += 1) source.applied(log.entryAt(one, logIndex(at)), 100);
  return { log, replayed, source };
}

async function readAll(source: LiveEventSource, after: number, each: number): Promise<number[]> {
  const indexes: number[] = [];
  for (let cursor = after; ; cursor = indexes.at(-1) ?? cursor) {
    const entries = await source.read(one, logIndex(cursor), each);
    if (entries.length === 0) return indexes;
    indexes.push(...entries.map((entry) => entry.index));
  }
}

const upTo = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);

describe('the events of a node', () => {
  it('gives recent entries from memory, without a replay', async () => {
    const { log, replayed, source } = sourceOver(100, 50);
    const entries = await source.read(one, logIndex(90), 5);
    expect(entries).toEqual([91, 92, 93, 94, 95].map((at) => log.entryAt(one, logIndex(at))));
    expect(await source.read(one, logIndex(100), 5)).toEqual([]);
    expect(replayed.machines).toBe(0);
  });

  it('gives every index once to a reader that begins at the beginning, by one replay', async () => {
    const { replayed, source } = sourceOver(1_000, 50);
    expect(await readAll(source, 0, 64)).toEqual(upTo(1, 1_000));
    expect(replayed.machines).toBe(1);
  });

  it('goes on with a replay of which a reader took only a part', async () => {
    const { replayed, source } = sourceOver(1_000, 50);
    const seen: number[] = [];
    for (let cursor = 0; cursor < 1_000; cursor = seen.at(-1) ?? 0) {
      const entries = await source.read(one, logIndex(cursor), 128);
      // Its window is full before all are delivered: it reads again from where it stopped.
      seen.push(...entries.slice(0, 48).map((entry) => entry.index));
    }
    expect(seen).toEqual(upTo(1, 1_000));
    expect(replayed.machines).toBe(1);
  });

  it('serves as many readers in turn as it keeps replays, each by one', async () => {
    const { replayed, source } = sourceOver(1_000, 50);
    const cursors = Array.from({ length: replaysKeptMax }, (_, at) => at * 150);
    for (let round = 0; round < 4; round += 1) {
      for (const [at, cursor] of cursors.entries()) {
        const entries = await source.read(one, logIndex(cursor), 32);
        expect(entries[0]?.index).toBe(cursor + 1);
        cursors[at] = entries[Math.min(20, entries.length) - 1]?.index ?? cursor;
      }
    }
    expect(replayed.machines).toBe(replaysKeptMax);
  });

  it('replays from the newest snapshot at or below the cursor', async () => {
    const { replayed, source } = sourceOver(1_000, 50);
    replayed.snapshotsAt.push(200, 400, 990);
    replayed.first = 350;
    expect(await readAll(source, 500, 64)).toEqual(upTo(501, 1_000));
  });

  it('says so when what follows a cursor is gone', async () => {
    const { replayed, source } = sourceOver(1_000, 50);
    replayed.first = 350;
    await expect(source.read(one, logIndex(10), 10)).rejects.toThrow(PositionCompacted);
  });

  it('tells after which index nothing is missing', async () => {
    const { replayed, source } = sourceOver(1_000, 50);
    expect(await source.lowestCursor(one)).toBe(0);
    replayed.first = 350;
    expect(await source.lowestCursor(one)).toBe(950);
    replayed.snapshotsAt.push(200, 400, 990);
    expect(await source.lowestCursor(one)).toBe(400);
    expect(await readAll(source, 400, 64)).toEqual(upTo(401, 1_000));
    await expect(source.read(one, logIndex(399), 10)).rejects.toThrow(PositionCompacted);
  });

  it('drops the oldest entries of the node when the bytes are used up', async () => {
    const { replayed, source } = sourceOver(100, 1_000, 1_000);
    await source.read(one, logIndex(90), 5);
    expect(replayed.machines).toBe(0);
    await source.read(one, logIndex(89), 5);
    expect(replayed.machines).toBe(1);
  });

  it('keeps what a reader has before it, until the reader leaves', async () => {
    const log = new AppliedLog(partitionsUpTo(1));
    appendWorkload(log, 5, 400);
    const limits = { entriesMax: 1_000, bytesMax: 1e9, entriesMin: 10 };
    const source = new LiveEventSource(new ReplayedLog(log).ports(), limits);
    const apply = (from: number, to: number): void => {
      for (const at of upTo(from, to)) source.applied(log.entryAt(one, logIndex(at)));
    };
    apply(1, 20);
    await source.read(one, logIndex(15), 1);
    apply(21, 200);
    expect(source.isReplayed(one, logIndex(16))).toBe(false);
    source.leave(one, logIndex(16));
    apply(201, 400);
    expect(source.isReplayed(one, logIndex(380))).toBe(true);
    expect(source.isReplayed(one, logIndex(390))).toBe(false);
  });

  it('starts anew where a snapshot took the place of the state', async () => {
    const { log, replayed, source } = sourceOver(100, 50);
    source.restored(one, logIndex(500));
    expect(source.head(one)).toBe(500);
    appendWorkload(log, 6, 401);
    source.applied(log.entryAt(one, logIndex(501)));
    expect(await readAll(source, 500, 10)).toEqual([501]);
    expect(await readAll(source, 98, 10)).toEqual(upTo(99, 501));
    expect(replayed.machines).toBe(1);
  });

  it('announces a partition once per turn, however much was applied', async () => {
    const { log, source } = sourceOver(10, 50);
    await new Promise(setImmediate);
    const announced: number[] = [];
    const leave = source.onAdvance((partition) => announced.push(partition));
    appendWorkload(log, 6, 3);
    for (const at of [11, 12, 13]) source.applied(log.entryAt(one, logIndex(at)));
    await new Promise(setImmediate);
    expect(announced).toEqual([1]);
    leave();
  });

  it('shows every entry as it is applied to whoever asked for that', () => {
    const { log, source } = sourceOver(10, 50);
    const seen: number[] = [];
    const leave = source.onApplied(({ index }) => seen.push(index));
    appendWorkload(log, 6, 3);
    for (const at of [11, 12]) source.applied(log.entryAt(one, logIndex(at)));
    expect(seen).toEqual([11, 12]);
    leave();
    source.applied(log.entryAt(one, logIndex(13)));
    expect(seen).toEqual([11, 12]);
  });
});
