import { describe, expect, it } from '@jest/globals';
import { SimulatedDisk } from '@metad/raft/testing';
import type { CrashFate } from '@metad/raft/testing';
import { expectPromisesKept } from './crash/expect-promises-kept.js';
import { cutDuring, ENDS } from './crash/power-cuts.js';
import { live, liveOn, newLedgers } from './crash/storage-life.js';
import type { Between } from './crash/storage-life.js';
import { stillClock } from './still-clock.js';

// Log, snapshots, archive and stamp of one node, as a node uses them together: a life of some
// hundred operations is ended during every one of them, in every way that a machine may end.

/**
 * Two lives, each looked at when it has ended: the first at `step`, the second at another one, over
 * all steps at every one of its own. Returns what they were doing; null for an orderly end.
 */
async function endAt(step: number, fate: CrashFate | null): Promise<(string | null)[]> {
  const disk = new SimulatedDisk({ clock: stillClock, seed: step });
  const ledgers = newLedgers();
  const first = await cutDuring(disk, step, fate, () => live(disk, ledgers));
  await expectPromisesKept(disk.clone(step), ledgers);
  const second = await cutDuring(disk, (step * 7) % 120, fate, () => liveOn(disk, ledgers));
  await expectPromisesKept(disk, ledgers);
  return [first, second];
}

describe('the storage of a node that ends in the middle of an operation', () => {
  it.each(ENDS)('keeps every promise when %s', async (_what, fate) => {
    const seen = new Set<string>();
    let step = 0;
    for (let wasCut = true; wasCut; step += 1) {
      const [first, second] = await endAt(step, fate).catch((fault: unknown) => {
        throw new Error(`step ${step}: ${String(fault)}`, { cause: fault });
      });
      for (const operation of [first, second]) if (operation) seen.add(operation);
      wasCut = first !== null;
    }
    expect([...seen].sort()).toEqual([
      ...['create', 'mkdir', 'remove', 'rename'],
      ...['sync', 'sync directory', 'truncate', 'write'],
    ]);
    expect(step).toBeGreaterThan(200);
  });
});

/** Syncs of these paths do nothing. */
const withoutSyncs =
  (paths: RegExp): Between =>
  (fileSystem) =>
    ({
      ...Object.fromEntries(
        (['ensureDirectory', 'list', 'rename', 'remove', 'freeBytes', 'lock'] as const).map(
          (name) => [name, fileSystem[name].bind(fileSystem)],
        ),
      ),
      open: (path: string, mode: 'create' | 'write' | 'read') => {
        const file = fileSystem.open(path, mode);
        return paths.test(path) ? { ...file, sync: async () => undefined } : file;
      },
      syncDirectory: async (path: string) =>
        paths.test(`${path}/`) ? undefined : fileSystem.syncDirectory(path),
    }) as ReturnType<Between>;

describe('this matrix', () => {
  it.each([
    ['the directory of the directory is not synced', /^\/data\/$/],
    ['the data directory is not synced', /^\/data\/n1\/$/],
    ['new segments are renamed and their directory is not synced', /\/log\/$/],
    ['a snapshot is not synced before its rename', /\/snapshots\/.+\.tmp$/],
    ['a snapshot is renamed and its directory is not synced', /\/snapshots\/$/],
    ['a received snapshot is not synced before its rename', /\.part$/],
    ['an archived file is not synced before its rename', /\/archive\/.+\.tmp$/],
    ['an archived file is renamed and its directory is not synced', /\/archive\/$/],
  ])('finds it when %s', async (_what, paths) => {
    const between = withoutSyncs(paths);
    for (let step = 0; ; step += 1) {
      const disk = new SimulatedDisk({ clock: stillClock, seed: step });
      const ledgers = newLedgers();
      const fate = paths.source.endsWith('/$')
        ? ({ data: 'kept', names: 'lost' } as const)
        : ({ data: 'lost', names: 'kept' } as const);
      const during = await cutDuring(disk, step, fate, () => live(disk, ledgers, between));
      const found = await expectPromisesKept(disk, ledgers).catch((fault: unknown) => fault);
      if (found !== undefined) return;
      expect(during).not.toBe(null); // The life was over, and nothing was found.
    }
  });
});
