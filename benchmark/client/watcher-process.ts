import { randomUUID } from 'node:crypto';
import { connect } from '@nats-io/transport-node';
import { Histogram } from '../load/histogram.js';

/**
 * A process with many bare watches: an inbox each, every mark answered. Prints `ready`, and when
 * told to stop how long events took from the log time that the leader stamped on them.
 */
const [, , servers = '', namespace = '', count = '1'] = process.argv;
const connection = await connect({ servers });
const times = new Histogram();
let delivered = 0;

const TIME = '"time":"';
function arrived(data: Uint8Array): void {
  const text = Buffer.from(data.buffer, data.byteOffset, data.length).toString('latin1');
  if (!text.startsWith('{"event":"change"')) return;
  const at = text.lastIndexOf(TIME) + TIME.length;
  delivered += 1;
  times.record((Date.now() - Date.parse(text.slice(at, at + 24))) * 1_000);
}

for (let at = 0; at < Number(count); at += 1) {
  const watchId = randomUUID();
  const inbox = `_INBOX.${watchId}`;
  connection.subscribe(inbox, {
    callback: (_error, message) => {
      if (message.reply) connection.publish(message.reply);
      arrived(message.data);
    },
  });
  const request = JSON.stringify({ watchId, inbox, from: 'now' });
  await connection.request(`metad.v1.watch.${namespace}`, request, { timeout: 5_000 });
}
process.stdout.write('ready\n');
process.stdin.once('data', () => {
  const [p50, p99] = [times.quantile(0.5), times.quantile(0.99)];
  process.stdout.write(`${JSON.stringify({ delivered, p50, p99 })}\n`);
  void connection.close();
  process.stdin.destroy();
});
