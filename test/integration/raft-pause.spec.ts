import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { RunningCluster } from '../fixtures/running-cluster.js';

const nodes = ['n1', 'n2', 'n3'] as const;
/** Seven tenths of the election time-out, as 700 ms are of the default. */
const pauseMs = 4_200;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Described {
  readonly items: readonly { readonly partition: number; readonly term: number }[];
}

// All times are six times the defaults: a loaded machine may add a second of its own to a pause,
// and that must not decide the outcome here.
describe('real processes, one of them stopped for a while', () => {
  let cluster: RunningCluster;
  let nats: NatsConnection;

  beforeAll(async () => {
    cluster = await RunningCluster.start({
      ...{ nodes: 3, partitions: 8 },
      environment: { METAD_ELECTION_MS: '6000', METAD_HEARTBEAT_MS: '600' },
    });
    nats = await connect({ servers: cluster.nats });
  }, 300_000);

  afterAll(async () => {
    await nats.close();
    await cluster.stop();
  });

  async function terms(): Promise<string> {
    const subject = 'metad.v1.admin.n1.partition.describe';
    const { items } = (await nats.request(subject, '{}', { timeout: 10_000 })).json<Described>();
    return items.map(({ partition, term }) => `${partition}@${term}`).join(' ');
  }

  /** Commands go on meanwhile, answered or not: no partition may rest. */
  function writeAll(round: number): NodeJS.Timeout {
    let serial = 0;
    return setInterval(() => {
      serial += 1;
      const commandId = `00000000-0000-7000-8000-${String(round * 1e6 + serial).padStart(12, '0')}`;
      const data = { tenantId: `t${serial % 64}`, cell: `c${serial}` };
      nats.publish('metad.v1.cmd.prod.PlaceTenant', JSON.stringify({ commandId, data }));
    }, 20);
  }

  async function settledTerms(): Promise<string> {
    let before = await terms();
    for (let tries = 0; tries < 30; tries += 1) {
      await pause(4_000); // Leadership spreads in steps of two seconds.
      const now = await terms();
      if (now === before) return now;
      before = now;
    }
    throw new Error('leadership did not settle');
  }

  it('elect nobody, whoever it is', async () => {
    const before = await settledTerms();
    for (const [round, node] of nodes.entries()) {
      const writes = writeAll(round);
      await pause(500);
      cluster.signal(node, 'SIGSTOP');
      await pause(pauseMs);
      cluster.signal(node, 'SIGCONT');
      await pause(2_000);
      clearInterval(writes);
      expect(await terms()).toBe(before);
    }
  }, 180_000);
});
