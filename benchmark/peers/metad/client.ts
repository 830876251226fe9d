import { randomBytes } from 'node:crypto';
import { subjectsUnder } from '@metad/contract';
import { bootstrapMap, getPrefixPartitionKey, loadHasher } from '@metad/partition';
import { nodeName } from '@metad/foundation';
import { InboxRequester } from '../inbox-requester.js';
import type { Done, PeerAddress, PeerClient } from '../peer.js';

const requestMsMax = 10_000;
export const namespace = 'bench';
/** Records share a partition by tenant; this many tenants spread over all partitions. */
export const tenants = 1_024;

export const tenantOf = (record: number): string => `t${record % tenants}`;

/**
 * The public contract over NATS, as the client library speaks it: the partition is computed here,
 * and the leader is asked directly. A record is a resource of about 256 bytes, a put assigns it
 * (with a label that changes, so that no put is a `noop`), a get is a linearizable `GetResource`.
 */
export async function connectMetad(address: PeerAddress): Promise<PeerClient> {
  await loadHasher();
  const requester = await InboxRequester.connect(address.endpoints);
  const { command, query } = leaderSubjects(address.settings?.['partitions'] ?? 8);
  const ids = commandIds();
  const put = (record: number, value: string, done: Done): void => {
    const body =
      `{"commandId":"${ids()}","namespace":"${namespace}","command":"AssignResource",` +
      `"data":{"tenantId":"${tenantOf(record)}","resourceId":"r${record}","node":"node-1",` +
      `"labels":{"value":"${value}"}}}`;
    exchange(requester, command[record % tenants] as string, body, done);
  };
  return {
    insert: put,
    put,
    get: (record, done) => {
      const body =
        `{"namespace":"${namespace}","query":"GetResource","consistency":"linearizable",` +
        `"params":{"tenantId":"${tenantOf(record)}","resourceId":"r${record}"}}`;
      exchange(requester, query[record % tenants] as string, body, done);
    },
    close: () => requester.close(),
  };
}

function exchange(requester: InboxRequester, subject: string, body: string, done: Done): void {
  requester.request(subject, body, requestMsMax, (error, message) => {
    if (!message) return done(error);
    // A refusal carries headers; an answer does not. Parsing it would only burden the client.
    done(message.headers ? new Error(message.string()) : null);
  });
}

/** Subject by tenant number, so that nothing is hashed while measuring. */
function leaderSubjects(partitions: number): { command: string[]; query: string[] } {
  const subjects = subjectsUnder('metad.v1');
  const map = bootstrapMap({ members: [nodeName('n1')], partitions, replicas: 1 });
  const owners = Array.from({ length: tenants }, (_, tenant) =>
    map.ownerOf(getPrefixPartitionKey(`tenants/t${tenant}/resources`)),
  );
  return {
    command: owners.map((owner) => subjects.leaderCommand(owner)),
    query: owners.map((owner) => subjects.leaderQuery(owner)),
  };
}

/** Needs `loadHasher()` before, which connecting does. */
export function partitionOfRecord(record: number, partitions: number): number {
  const map = bootstrapMap({ members: [nodeName('n1')], partitions, replicas: 1 });
  return map.ownerOf(getPrefixPartitionKey(`tenants/${tenantOf(record)}/resources`));
}

/** UUIDs of version 7: 48 bits of time, a counter, 62 random bits drawn once. */
function commandIds(): () => string {
  const random = randomBytes(8).toString('hex');
  const tail = `8${random.slice(1, 4)}-${random.slice(4, 16)}`;
  let counter = 0;
  let high = Date.now();
  return () => {
    counter += 1;
    if (counter > 0xfff) {
      counter = 0;
      high = Math.max(high + 1, Date.now());
    }
    const time = high.toString(16).padStart(12, '0');
    const middle = counter.toString(16).padStart(3, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7${middle}-${tail}`;
  };
}
