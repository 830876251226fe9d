import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child, eventually } from '../../test/cluster/process/child.js';
import { NatsServer } from '../../test/cluster/process/nats-server.js';
import type { PeerOptions, PeerServers } from '../peers/peer.js';

const clientPort = 20550;

/** Three replicas of the yardstick on one nats-server. */
export async function startCeiling(options: PeerOptions): Promise<PeerServers> {
  const { directory } = options;
  const broker = await NatsServer.start({ name: 'ceiling', directory, clientPort });
  const program = join(import.meta.dirname, 'replica.js');
  const logOf = (me: number): string => join(directory, `replica-${me}.log`);
  const replicas = [0, 1, 2].map((me) =>
    Child.start({
      command: process.execPath,
      args: [program, String(me), broker.url, directory],
      logFile: logOf(me),
    }),
  );
  for (const me of [0, 1, 2]) {
    await eventually('a replica of the yardstick', async () =>
      readFileSync(logOf(me), 'utf8').includes('ready'),
    );
  }
  return {
    name: 'ceiling',
    address: { peer: 'ceiling', endpoints: [broker.url] },
    version: 'the yardstick (benchmark/ceiling)',
    guarantees: {
      put: 'fsynced by two of three processes; no election, so no survivor takes over',
      get: 'none',
    },
    pids: () => [...replicas.map((replica) => replica.pid), broker.pid],
    stop: async () => {
      await Promise.all(replicas.map((replica) => replica.end()));
      await broker.stop();
    },
  };
}
