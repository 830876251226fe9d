import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { subjectsUnder } from '@metad/contract';
import { partitionId, seededRandom } from '@metad/foundation';
import type { NodeName } from '@metad/foundation';
import { NatsTransport } from '@metad/raft';
import type { Transport } from '@metad/raft';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectTo, startBroker } from '../contract/transport/nats-broker.js';
import type { Broker } from '../contract/transport/nats-broker.js';
import { RaftCluster } from './raft/raft-cluster.js';
import { realTime } from './raft/test-time.js';

const p1 = partitionId(1);
const limits = { heartbeatMs: 20, electionMs: 200 };
const subjects = subjectsUnder(`test${process.pid}.v1`);

describe('a node of three, over a real broker', () => {
  let broker: Broker | null = null;
  let cluster: RaftCluster;
  const connections = new Map<NodeName, NatsConnection>();

  async function transport(self: NodeName): Promise<Transport> {
    const connection = await connectTo((broker as Broker).url);
    connections.set(self, connection);
    const random = seededRandom(Date.now() >>> 0);
    const secrets = ['a secret of sixteen or more'];
    const cluster = 'c1';
    return new NatsTransport({
      ...{ connection, clock: realTime.clock, random, self, cluster, subjects, secrets },
    });
  }

  beforeAll(async () => {
    broker = await startBroker();
    expect(broker).not.toBeNull();
  });

  afterEach(async () => {
    await cluster.stopAll();
    for (const connection of connections.values()) await connection.close();
    connections.clear();
  });

  afterAll(() => broker?.stop());

  it('elects, applies everywhere, survives the death of a leader and takes it back', async () => {
    cluster = new RaftCluster({ transport, time: realTime, limits });
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
});
