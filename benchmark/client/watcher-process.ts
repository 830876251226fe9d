import { randomUUID } from 'node:crypto';
import { connect } from '@nats-io/transport-node';
import { Histogram } from '../load/histogram.js';

/**
 * A process with many bare watches: an inbox each, every mark answered. Prints `ready`, forgets
 * what it has seen when told to `begin` (until then this process was being compiled), and says when
 * told to `stop` how long events took from the log time that the leader stamped on them.
 */
const [, , servers = '', namespace = '', count = '1'] = process.argv;
const connection = await connect({ servers });
let times = new Histogram();
let delivered = 0;

const CHANGE = Buffer.from('{"event":"change"');
const TIME = '"time":"';
/** Reading the time of every message would make this process the bottleneck. */
const timedEvery = 7;

function arrived(data: Uint8Array): void {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
  if (CHANGE.compare(bytes, 0, CHANGE.length) !== 0) return;
  delivered += 1;
  if (delivered % timedEvery !== 0) return;
  const at = bytes.lastIndexOf(TIME) + TIME.length;
  const time = bytes.toString('latin1', at, at + 24);
  times.record((Date.now() - Date.parse(time)) * 1_000);
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
process.stdin.on('data', (said: Buffer) => {
  if (said.toString().startsWith('begin')) {
    times = new Histogram();
    delivered = 0;
    process.stdout.write('begun\n');
    return;
  }
  const [p50, p90, p99] = [times.quantile(0.5), times.quantile(0.9), times.quantile(0.99)];
  process.stdout.write(`${JSON.stringify({ delivered, p50, p90, p99 })}\n`);
  void connection.close();
  process.stdin.destroy();
});
