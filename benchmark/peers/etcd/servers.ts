import { join } from 'node:path';
import { Child, eventually, listening } from '../../../test/cluster/process/child.js';
import { GrpcSession, leadsEtcd } from './client.js';
import type { PeerOptions, PeerServers } from '../peer.js';
import { installedVersion } from '../version.js';

const clientPorts = [20500, 20501, 20502];
const peerPorts = [20503, 20504, 20505];
const nameOf = (at: number): string => `e${at + 1}`;

/** Three etcd nodes with their defaults, but for a quota that a benchmark does not reach. */
export async function startEtcd(options: PeerOptions): Promise<EtcdServers> {
  const servers = clientPorts.map((_, at) => launch(at, options.directory));
  await Promise.all(servers.map((server, at) => listening(clientPorts[at] as number, server)));
  const endpoints = clientPorts.map((port) => `http://127.0.0.1:${port}`);
  const cluster: EtcdServers = {
    name: 'etcd',
    address: { peer: 'etcd', endpoints },
    version: `etcd ${installedVersion('etcd-server')}`,
    guarantees: {
      put: 'fsynced by two of three nodes',
      get: 'linearizable (ReadIndex)',
    },
    pids: () => servers.map((server) => server.pid),
    leader: () => eventually('a leader of etcd', () => findLeader(endpoints)),
    kill: async (at) => servers[at]?.end('SIGKILL'),
    revive: async (at) => {
      servers[at] = launch(at, options.directory);
      await listening(clientPorts[at] as number, servers[at]);
    },
    stop: async () => void (await Promise.all(servers.map((server) => server.end()))),
  };
  await cluster.leader();
  return cluster;
}

export interface EtcdServers extends PeerServers {
  /** 1 … 3: never 0, so that it can be waited for. */
  leader(): Promise<number>;
  kill(at: number): Promise<void>;
  revive(at: number): Promise<void>;
}

function launch(at: number, directory: string): Child {
  const name = nameOf(at);
  const client = `http://127.0.0.1:${clientPorts[at]}`;
  const peer = `http://127.0.0.1:${peerPorts[at]}`;
  const members = peerPorts.map((port, i) => `${nameOf(i)}=http://127.0.0.1:${port}`).join(',');
  const flags = {
    name,
    'data-dir': join(directory, name),
    'listen-client-urls': client,
    'advertise-client-urls': client,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': members,
    'quota-backend-bytes': String(8 * 2 ** 30),
    'log-level': 'error',
  };
  return Child.start({
    command: 'etcd',
    args: Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`),
    logFile: join(directory, `${name}.log`),
    env: { ETCD_UNSUPPORTED_ARCH: '' },
  });
}

async function findLeader(endpoints: readonly string[]): Promise<number> {
  for (const [at, url] of endpoints.entries()) {
    const session = new GrpcSession(url);
    const leads = await leadsEtcd(session).catch(() => false);
    session.close();
    if (leads) return at + 1;
  }
  return 0;
}
