import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { logIndex, partitionId } from '@metad/foundation';
import type { Entry } from '../../libs/raft/src/core/index.js';
import { ArchiveGap } from '../../libs/raft/src/storage/archive-port.js';
import type { Archive } from '../../libs/raft/src/storage/archive-port.js';
import { entry } from './log-material.js';

export interface ArchiveHarness {
  open(): Archive;
  dispose(): Promise<void>;
}

const p1 = partitionId(1);

export const entriesFrom = (first: number, count: number): Entry[] =>
  Array.from({ length: count }, (_, at) => entry(first + at, 1 + ((first + at) >> 4)));

export async function* runs(entries: readonly Entry[], size = 7): AsyncGenerator<readonly Entry[]> {
  for (let at = 0; at < entries.length; at += size) yield entries.slice(at, at + size);
}

/** Everything from an index on, and the fault that ended it. */
export async function readAll(
  archive: Archive,
  from: number,
): Promise<{ entries: Entry[]; fault: unknown }> {
  const entries: Entry[] = [];
  try {
    for await (const run of archive.read(p1, logIndex(from))) entries.push(...run);
  } catch (fault) {
    return { entries, fault };
  }
  return { entries, fault: null };
}

/** What every archive must do. */
export function describeArchive(name: string, start: () => Promise<ArchiveHarness>): void {
  describe(`the ${name} archive`, () => {
    let harness: ArchiveHarness;
    beforeEach(async () => {
      harness = await start();
    });
    afterEach(() => harness.dispose());

    it('gives back from the very beginning what it was given', async () => {
      const archive = harness.open();
      await archive.write(p1, runs(entriesFrom(1, 100)));
      await archive.write(p1, runs(entriesFrom(101, 50)));
      for (const opened of [archive, harness.open()]) {
        expect(opened.lastIndex(p1)).toBe(150);
        expect(opened.ranges(p1)).toEqual([{ first: 1, last: 150 }]);
        expect(await readAll(opened, 1)).toEqual({ entries: entriesFrom(1, 150), fault: null });
        expect((await readAll(opened, 98)).entries).toEqual(entriesFrom(98, 53));
      }
    });

    it('knows nothing of a partition that it never saw', async () => {
      const archive = harness.open();
      expect(archive.lastIndex(p1)).toBe(0);
      expect(archive.ranges(p1)).toEqual([]);
      expect((await readAll(archive, 1)).fault).toBeInstanceOf(ArchiveGap);
    });

    it('names the gap that a snapshot from a peer leaves', async () => {
      const archive = harness.open();
      await archive.write(p1, runs(entriesFrom(1, 10)));
      await archive.write(p1, runs(entriesFrom(51, 10)));
      expect(archive.ranges(p1)).toEqual([
        { first: 1, last: 10 },
        { first: 51, last: 60 },
      ]);
      const { entries, fault } = await readAll(archive, 5);
      expect(entries).toEqual(entriesFrom(5, 6));
      expect(fault).toMatchObject({ name: 'ArchiveGap', missing: 11, available: 51 });
    });

    it('reads every entry once when files overlap', async () => {
      const archive = harness.open();
      await archive.write(p1, runs(entriesFrom(1, 20)));
      await archive.write(p1, runs(entriesFrom(11, 20)));
      expect(await readAll(archive, 1)).toEqual({ entries: entriesFrom(1, 30), fault: null });
    });

    it('keeps nothing of a write whose source failed', async () => {
      async function* failing(): AsyncGenerator<readonly Entry[]> {
        yield entriesFrom(1, 5);
        throw new Error('the log cannot be read');
      }
      const archive = harness.open();
      await expect(archive.write(p1, failing())).rejects.toThrow('cannot be read');
      expect(archive.lastIndex(p1)).toBe(0);
      await archive.write(p1, runs(entriesFrom(1, 5)));
      expect(harness.open().lastIndex(p1)).toBe(5);
    });
  });
}
