import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { subjectsUnder } from '@metad/contract';
import { partitionId, seededRandom } from '@metad/foundation';
import type { NodeName } from '@metad/foundation';
import { NatsTransport, openNodeLog, openSnapshotStore } from '@metad/raft';
import type { Transport } from '@metad/raft';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectTo, startBroker } from '../contract/transport/nats-broker.js';
import type { Broker } from '../contract/transport/nats-broker.js';
import { RaftCluster } from './raft/raft-cluster.js';
import { realTime } from './raft/test-time.js';

const p1 = partitionId(1);
const limits = { heartbeatMs: 20, electionMs: 200 };
const subjects = subjectsUnder(`test${process.pid}.v1`);

describe('three nodes, over a real broker, with real disks', () => {
  let broker: Broker | null = null;
  let cluster: RaftCluster;
  let root: string;
  const connections = new Map<NodeName, NatsConnection>();
  const opened: NatsConnection[] = [];

  async function transport(self: NodeName): Promise<Transport> {
    const connection = await connectTo((broker as Broker).url);
    opened.push(connection);
    connections.set(self, connection);
    const random = seededRandom(Date.now() >>> 0);
    const secrets = ['a secret of sixteen or more'];
    const cluster = 'c1';
    return new NatsTransport({
      ...{ connection, clock: realTime.clock, random, self, cluster, subjects, secrets },
    });
  }

  const directoryOf = (self: NodeName): string => join(root, self);
  const log = (self: NodeName) =>
    openNodeLog({
      ...{ directory: directoryOf(self), clock: realTime.clock, cluster: 'c1', node: self },
      segmentBytes: 1024 * 1024,
    });
  const snapshots = (self: NodeName) => openSnapshotStore({ directory: directoryOf(self) });

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'metad-raft-'));
    broker = await startBroker();
    expect(broker).not.toBeNull();
  });

  afterEach(async () => {
    await cluster.stopAll();
    for (const connection of opened.splice(0)) await connection.close();
  });

  afterAll(async () => {
    await broker?.stop();
    rmSync(root, { recursive: true, force: true });
  });

  it('elect, apply everywhere, survive the death of a leader and take it back', async () => {
    cluster = new RaftCluster({ transport, log, snapshots, time: realTime, limits });
    await cluster.startAll();
    const leader = await cluster.leader(p1);
    expect(await cluster.propose(leader, p1, 'before')).toMatchObject({ kind: 'applied' });
    await connections.get(leader)?.close();
    await cluster.kill(leader);
    await cluster.write(p1, 'during');
    await cluster.start(leader);
    await cluster.write(p1, 'after');
    await cluster.agreed(p1, ['before', 'during', 'after']);
  });

  it('bring a node back from snapshot and log, its own and then those of others', async () => {
    rmSync(root, { recursive: true, force: true });
    const few = { ...limits, snapshotEntries: 20, trailingEntries: 5 };
    cluster = new RaftCluster({ transport, log, snapshots, time: realTime, limits: few });
    await cluster.startAll();
    const texts = Array.from({ length: 90 }, (_, at) => `c${at}`);
    for (const text of texts.slice(0, 30)) await cluster.write(p1, text);
    const late = cluster.follower(p1);
    await cluster.kill(late);
    for (const text of texts.slice(30)) await cluster.write(p1, text);
    await cluster.start(late);
    await cluster.agreed(p1, texts);
    await cluster.stopAll();
    await cluster.startAll();
    await cluster.write(p1, 'end');
    await cluster.agreed(p1, [...texts, 'end']);
  });
});
