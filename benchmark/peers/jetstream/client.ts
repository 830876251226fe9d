import { InboxRequester } from '../inbox-requester.js';
import type { Done, PeerAddress, PeerClient } from '../peer.js';

export const bucket = 'bench';
const requestMsMax = 5_000;

/**
 * JetStream's key-value bucket over its plain protocol: a put is a publish to the key's subject,
 * acknowledged by the stream's leader; a get asks the leader for the subject's last message.
 */
export async function connectJetstream(address: PeerAddress): Promise<PeerClient> {
  const requester = await InboxRequester.connect(address.endpoints);
  const getSubject = `$JS.API.STREAM.MSG.GET.KV_${bucket}`;
  const exchange = (subject: string, body: string, done: Done): void =>
    requester.request(subject, body, requestMsMax, (error, message) => {
      if (!message) return done(error);
      const text = message.string();
      done(text.includes('"error"') ? new Error(text) : null);
    });
  const put = (record: number, value: string, done: Done): void =>
    exchange(`$KV.${bucket}.k${record}`, value, done);
  return {
    insert: put,
    put,
    get: (record, done) =>
      exchange(getSubject, `{"last_by_subj":"$KV.${bucket}.k${record}"}`, done),
    close: () => requester.close(),
  };
}
