import { startCeiling } from '../ceiling/servers.js';
import { startEtcd } from './etcd/servers.js';
import { startJetstream } from './jetstream/servers.js';
import { startMetad } from './metad/servers.js';
import type { PeerName, PeerOptions, PeerServers } from './peer.js';
import { startPostgres } from './postgres/servers.js';
import { startZookeeper } from './zookeeper/servers.js';

type Start = (options: PeerOptions) => Promise<PeerServers>;

const START: { readonly [P in PeerName]: Start } = {
  metad: (options) => startMetad({ ...options, partitions: 8, projections: false }),
  etcd: startEtcd,
  zookeeper: startZookeeper,
  jetstream: startJetstream,
  postgres: startPostgres,
  ceiling: startCeiling,
};

export function startPeer(name: PeerName, options: PeerOptions): Promise<PeerServers> {
  return START[name](options);
}
