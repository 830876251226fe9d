import { Client, credentials } from '@grpc/grpc-js';
import type { Done, PeerAddress, PeerClient } from '../peer.js';
import { bytesField } from './protobuf.js';

const PUT = '/etcdserverpb.KV/Put';
const RANGE = '/etcdserverpb.KV/Range';
const asIs = (bytes: Buffer): Buffer => bytes;

/**
 * As a Node service uses etcd: `@grpc/grpc-js`, which the etcd packages for Node are built on, one
 * channel to each server, calls spread over the three in turn.
 */
export async function connectEtcdLibrary(address: PeerAddress): Promise<PeerClient> {
  const clients = address.endpoints.map(
    (url) => new Client(new URL(url).host, credentials.createInsecure()),
  );
  let turn = 0;
  const call = (path: string, message: Buffer, done: Done): void => {
    turn = (turn + 1) % clients.length;
    const client = clients[turn] as Client;
    client.makeUnaryRequest(path, asIs, asIs, message, (error) => done(error));
  };
  const put = (record: number, value: string, done: Done): void =>
    call(PUT, Buffer.concat([bytesField(1, `bench/k${record}`), bytesField(2, value)]), done);
  return {
    insert: put,
    put,
    get: (record, done) => call(RANGE, bytesField(1, `bench/k${record}`), done),
    close: async () => clients.forEach((client) => client.close()),
  };
}
