import { MetadError } from '@metad/contract';
import { backoffMs } from '../call/backoff.js';
import { unansweredError } from '../call/call.js';
import { uuidV7 } from '../call/uuid-v7.js';
import type { ClientCore } from '../client-core.js';
import { readReply } from '../wire/reply.js';
import type { WatchPorts } from './watch-types.js';

const openTimeoutMs = 5_000;
const backoff = { baseMs: 50, capMs: 2_000 };

/** A watch's way to the wire. Each open request is sent once: another try is another watch. */
export function watchPorts(core: ClientCore, namespace: string): WatchPorts {
  const subject = core.subjects.watch(namespace);
  return {
    clock: core.clock,
    subscribe: (onMessage) => {
      const inbox = `${core.inboxPrefix}.${core.newInboxToken()}`;
      const subscription = core.connection.subscribe(inbox, {
        callback: (error, { data, reply }) => {
          if (!error) onMessage(data, reply ?? '');
        },
      });
      return { subject: inbox, unsubscribe: () => unsubscribe(core, subscription) };
    },
    answer: (reply) => publish(core, reply, ''),
    open: (request) => open(core, subject, request),
    close: (watchId) => publish(core, subject, JSON.stringify({ close: watchId })),
    newId: () => uuidV7(core.clock.now()),
    backoff: (attempt) =>
      new Promise((resolve) => {
        core.clock.after(backoffMs(backoff, attempt, core.random, 0), resolve);
      }),
    onRestored: (listener) => core.onRestored(listener),
    onClose: (listener) => core.onClose(listener),
  };
}

async function open(core: ClientCore, subject: string, request: object) {
  await core.follower.untilConnected(openTimeoutMs);
  const outcome = await core.requester.request(subject, JSON.stringify(request), openTimeoutMs);
  if (outcome.kind !== 'reply') throw unansweredError('query', subject, outcome);
  const reply = readReply(outcome.message.data);
  if (reply instanceof MetadError) throw reply;
  return reply;
}

/** What cannot be sent because the link is gone need not be: the other side ends by itself. */
function publish(core: ClientCore, subject: string, payload: string): void {
  if (core.connection.isClosed()) return;
  try {
    core.connection.publish(subject, payload);
  } catch {
    return; // It is draining.
  }
}

function unsubscribe(core: ClientCore, subscription: { unsubscribe(): void }): void {
  if (!core.connection.isClosed()) subscription.unsubscribe();
}
