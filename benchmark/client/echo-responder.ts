import { connect } from '@nats-io/transport-node';

/** A process that answers every request at once with the same bytes: the least there can be. */
const [, , servers = '', subject = ''] = process.argv;
const connection = await connect({ servers });
const reply = Buffer.from(
  JSON.stringify({ item: 'x'.repeat(256), position: 'm1.aa.1.1', lagMs: 0 }),
);
connection.subscribe(subject, { callback: (_error, message) => void message.respond(reply) });
await connection.flush();
process.stdout.write('ready\n');
