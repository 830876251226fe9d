import { afterEach, describe, expect, it } from '@jest/globals';
import { partitionId } from '@metad/foundation';
import type { NodeName } from '@metad/foundation';
import { openSnapshotStore } from '@metad/raft';
import { SimulatedDisk } from '@metad/raft/testing';
import type { RaftCluster } from './raft/raft-cluster.js';
import { startVirtualCluster } from './raft/virtual-cluster.js';
import { stillClock } from '../contract/still-clock.js';

const p1 = partitionId(1);

describe('a node whose log was compacted to a snapshot that is gone', () => {
  let cluster: RaftCluster;
  const disks = new Map<NodeName, SimulatedDisk>();
  const diskOf = (name: NodeName): SimulatedDisk => {
    const disk = disks.get(name) ?? new SimulatedDisk({ clock: stillClock, seed: 1 });
    disks.set(name, disk);
    return disk;
  };
  const snapshotsOf = (name: NodeName): string[] =>
    diskOf(name)
      .paths()
      .filter((path) => /\/p1\.\d+\.snap$/.test(path));

  afterEach(() => cluster.stopAll());

  async function compactedCluster(): Promise<{ victim: NodeName; texts: string[] }> {
    disks.clear();
    ({ cluster } = await startVirtualCluster({
      limits: { snapshotEntries: 20, trailingEntries: 5 },
      snapshots: (name) => openSnapshotStore({ directory: `/${name}`, fileSystem: diskOf(name) }),
    }));
    const texts = Array.from({ length: 100 }, (_, at) => `c${at}`);
    for (const text of texts) await cluster.write(p1, text);
    await cluster.agreed(p1, texts);
    const victim = cluster.names.find((name) => !leads(name)) as NodeName;
    await cluster.eventually(() => (snapshotsOf(victim).length >= 2 ? true : null));
    await cluster.kill(victim);
    return { victim, texts };
  }

  const leads = (name: NodeName): boolean =>
    cluster.member(name).node.status(p1)?.role === 'leader';

  const all = (disk: SimulatedDisk, paths: readonly string[]): void => {
    for (const path of paths) disk.remove(path);
  };
  const newestFooter = (disk: SimulatedDisk, paths: readonly string[]): void => {
    const path = paths.at(-1) ?? '';
    disk.flipBit(path, disk.bytesOf(path).length - 3, 1);
  };
  const newestBody = (disk: SimulatedDisk, paths: readonly string[]): void => {
    const path = paths.at(-1) ?? '';
    disk.flipBit(path, disk.bytesOf(path).length >> 2, 1);
  };

  it.each([
    ['all its snapshots are removed', all],
    ['the end of the newest is damaged', newestFooter],
    ['the body of the newest is damaged', newestBody],
  ])('says so and is refilled by its peers when %s', async (_what, harm) => {
    const { victim, texts } = await compactedCluster();
    harm(diskOf(victim), snapshotsOf(victim));
    const node = await cluster.start(victim);
    const status = node.status(p1);
    expect(status).toMatchObject({ state: 'corrupt', role: 'follower', vote: null });
    expect(status?.reason).toMatch(/the snapshot at index \d+ is missing or damaged/);
    await cluster.write(p1, 'after');
    await cluster.agreed(p1, [...texts, 'after']);
    await cluster.eventually(() => (node.status(p1)?.state === 'corrupt' ? null : true));
    await cluster.kill(cluster.running.find((name) => name !== victim) as NodeName);
    await cluster.write(p1, 'last');
    await cluster.agreed(p1, [...texts, 'after', 'last']);
  });
});
