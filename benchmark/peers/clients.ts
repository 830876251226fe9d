import { connectCeiling } from '../ceiling/client.js';
import { connectEtcd } from './etcd/client.js';
import { connectEtcdLibrary } from './etcd/library-client.js';
import { connectJetstream } from './jetstream/client.js';
import { connectMetad } from './metad/client.js';
import { connectMetadLibrary } from './metad/library-client.js';
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

const CONNECT_LIBRARY: Partial<typeof CONNECT> = {
  metad: connectMetadLibrary,
  etcd: connectEtcdLibrary,
};

/** Peers whose library client the harness has. */
export const libraryPeers: readonly PeerName[] = ['metad', 'etcd'];

export function connectPeer(address: PeerAddress): Promise<PeerClient> {
  const connect = address.client === 'library' ? CONNECT_LIBRARY[address.peer] : undefined;
  return (connect ?? CONNECT[address.peer])(address);
}
