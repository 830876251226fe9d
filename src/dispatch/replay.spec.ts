import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import type { AppliedEntry } from '@metad/eventsourcing';
import { logIndex, partitionId } from '@metad/foundation';
import { AppliedLog, appendWorkload, partitionsUpTo } from '../../test/fixtures/applied-log.js';
import { ReplayedLog } from '../../test/fixtures/replayed-log.js';
import { Replay } from './replay.js';
import type { ReplayPorts } from './replay-ports.js';

const one = partitionId(1);

/** Ports whose machines hand over an object of its own for each entry, weakly remembered here. */
function portsOver(log: AppliedLog, beforeRead: (from: number) => Promise<void>) {
  const ports = new ReplayedLog(log).ports();
  const applied: WeakRef<AppliedEntry>[] = [];
  const watched: ReplayPorts = {
    ...ports,
    log: {
      read: async (partition, from, bytesMax) => {
        await beforeRead(from);
        return ports.log.read(partition, from, bytesMax);
      },
    },
    machine: (partition, onApplied) =>
      ports.machine(partition, (entry) => {
        const own = { ...entry };
        applied.push(new WeakRef(own));
        onApplied(own);
      }),
  };
  return { ports: watched, alive: () => applied.filter((ref) => ref.deref() !== undefined).length };
}

describe('a replay', () => {
  it('keeps nothing of the entries before the index that it is to stand at', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const log = new AppliedLog(partitionsUpTo(1));
    appendWorkload(log, 5, 2_000);
    const alive: number[] = [];
    const made = portsOver(log, async (from) => {
      if (from % 500 !== 1) return;
      await new Promise(setImmediate); // A weak reference holds until the turn that made it ends.
      collectGarbage();
      alive.push(made.alive());
    });
    const replay = await Replay.at(made.ports, one, logIndex(1_900));
    expect(replay.index).toBe(1_900);
    expect(alive).toHaveLength(4);
    for (const count of alive) expect(count).toBeLessThan(10);
    const next = await replay.next(3);
    expect(next.map(({ index }) => index)).toEqual([1_901, 1_902, 1_903]);
  });

  it('stands at an index in the middle of what was read, and goes on from there', async () => {
    const log = new AppliedLog(partitionsUpTo(1));
    appendWorkload(log, 5, 300);
    const replay = await Replay.at(new ReplayedLog(log).ports(), one, logIndex(150));
    expect(replay.state()).toMatchObject({ index: 150, term: 3 });
    expect((await replay.next(200)).map(({ index }) => index).at(-1)).toBe(300);
    expect(await replay.next(200)).toEqual([]);
  });
});
