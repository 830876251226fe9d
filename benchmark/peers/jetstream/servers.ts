import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../../test/cluster/process/child.js';
import { NatsServer } from '../../../test/cluster/process/nats-server.js';
import { InboxRequester } from '../inbox-requester.js';
import { bucket } from './client.js';
import type { PeerOptions, PeerServers } from '../peer.js';
import { installedVersion } from '../version.js';

const clientPorts = [20520, 20521, 20522];
const routePorts = [20523, 20524, 20525];

/** Three clustered nats-servers with a key-value bucket of three replicas, default sync. */
export async function startJetstream(options: PeerOptions): Promise<PeerServers> {
  const servers = await Promise.all(
    clientPorts.map((clientPort, at) =>
      NatsServer.start({
        name: `js${at + 1}`,
        directory: options.directory,
        clientPort,
        jetstream: true,
        cluster: { name: 'bench', port: routePorts[at] as number, routes: routePorts },
      }),
    ),
  );
  await makeBucket(servers.map((server) => server.url));
  return {
    name: 'jetstream',
    address: { peer: 'jetstream', endpoints: servers.map((server) => server.url) },
    version: `nats-server ${installedVersion('nats-server')}`,
    guarantees: {
      put: 'stored by two of three replicas, without fsync before the answer',
      get: "the stream leader's own copy, without asking a quorum: may be stale after a split",
    },
    pids: () => servers.map((server) => server.pid),
    stop: async () => void (await Promise.all(servers.map((server) => server.stop()))),
  };
}

async function makeBucket(urls: readonly string[]): Promise<void> {
  const requester = await InboxRequester.connect(urls);
  const stream = JSON.stringify({
    name: `KV_${bucket}`,
    subjects: [`$KV.${bucket}.>`],
    num_replicas: 3,
    storage: 'file',
    retention: 'limits',
    discard: 'new',
    max_msgs_per_subject: 1,
    allow_rollup_hdrs: true,
    deny_delete: true,
    allow_direct: false,
  });
  await eventually('a JetStream bucket', async () => {
    const reply = await requester.ask(`$JS.API.STREAM.CREATE.KV_${bucket}`, stream);
    return !reply.string().includes('"error"');
  });
  await sleep(1_000); // The stream's own Raft group elects its leader.
  await requester.close();
}
