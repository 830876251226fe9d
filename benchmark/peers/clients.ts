import { connectCeiling } from '../ceiling/client.js';
import { connectEtcd } from './etcd/client.js';
import { connectJetstream } from './jetstream/client.js';
import { connectMetad } from './metad/client.js';
import type { PeerAddress, PeerClient, PeerName } from './peer.js';
import { connectPostgres } from './postgres/client.js';
import { connectZookeeper } from './zookeeper/client.js';

const CONNECT: { readonly [P in PeerName]: (address: PeerAddress) => Promise<PeerClient> } = {
  metad: connectMetad,
  etcd: connectEtcd,
  zookeeper: connectZookeeper,
  jetstream: connectJetstream,
  postgres: connectPostgres,
  ceiling: connectCeiling,
};

export function connectPeer(address: PeerAddress): Promise<PeerClient> {
  return CONNECT[address.peer](address);
}
