import { InboxRequester } from '../peers/inbox-requester.js';
import type { Done, PeerAddress, PeerClient } from '../peers/peer.js';

const requestMsMax = 10_000;

/** Client of the yardstick: opaque values straight to the replica that leads the record's third. */
export async function connectCeiling(address: PeerAddress): Promise<PeerClient> {
  const requester = await InboxRequester.connect(address.endpoints);
  const put = (record: number, value: string, done: Done): void =>
    requester.request(`ceiling.propose.${record % 3}`, `k${record} ${value}`, requestMsMax, done);
  return {
    insert: put,
    put,
    get: (_record, done) => setImmediate(done, new Error('the yardstick has no reads')),
    close: () => requester.close(),
  };
}
