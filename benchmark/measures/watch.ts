import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectPeer } from '../peers/clients.js';
import { startMetad } from '../peers/metad/servers.js';
import { Histogram } from '../load/histogram.js';
import { describeMachine } from '../report/machine.js';
import type { FigureReport } from '../report/report.js';
import { ensureFolder } from './side.js';
import type { VersusOptions } from './versus.js';

const watchers = 50;
const perSecond = 500;
const seconds = 10;
const records = 1_000;

/** How long after its command was sent a change arrives at its watchers, each seeing them all. */
export async function watch(options: VersusOptions): Promise<FigureReport> {
  const directory = ensureFolder(options, 'metad');
  const servers = await startMetad({ ...options, projections: false, directory });
  const connection = await connect({ servers: servers.natsUrl });
  const client = await connectPeer(servers.address);
  const latency = new Histogram();
  const sentAt = new Map<string, number>();
  let delivered = 0;
  try {
    await openWatches(connection, (value) => {
      const sent = sentAt.get(value);
      if (sent === undefined) return;
      delivered += 1;
      latency.record((performance.now() - sent) * 1000);
    });
    await offer((serial) => {
      const value = `w${serial}`;
      sentAt.set(value, performance.now());
      client.put(serial % records, value, () => undefined);
    });
    const { p50, p99 } = latency.summary();
    const expected = sentAt.size * watchers;
    const rows = [
      {
        name: `changes delivered to ${watchers} watchers`,
        unit: 'of all, %',
        value: Math.round((delivered / expected) * 1000) / 10,
      },
      { name: 'from sending a command to its change, p50', unit: 'ms', value: p50 / 1000 },
      { name: 'from sending a command to its change, p99', unit: 'ms', value: p99 / 1000 },
      { name: 'changes delivered', unit: 'per second', value: Math.round(delivered / seconds) },
    ];
    const note = `${perSecond} commands per second, each change to ${watchers} watchers`;
    return { what: 'watch', machine: describeMachine(), note, rows };
  } finally {
    await client.close();
    await connection.close();
    await servers.stop();
  }
}

async function openWatches(
  connection: NatsConnection,
  onValue: (value: string) => void,
): Promise<void> {
  for (let at = 0; at < watchers; at += 1) {
    const inbox = `_INBOX.watch${process.pid}.${at}`;
    connection.subscribe(inbox, {
      callback: (error, message) => {
        if (error) throw error;
        if (message.reply) message.respond('1');
        const body = message.json<{ event: string; record?: { labels?: { value?: string } } }>();
        const value = body.record?.labels?.value;
        if (body.event === 'change' && value !== undefined) onValue(value);
      },
    });
    const request = { watchId: `w${at}`, filter: { kind: 'resource' }, from: 'now', inbox };
    await connection.request('metad.v1.watch.bench', JSON.stringify(request), { timeout: 5_000 });
  }
}

/** An open loop of its own, and two seconds for the last changes to arrive. */
async function offer(send: (serial: number) => void): Promise<void> {
  const startedAt = performance.now();
  let serial = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.floor(((performance.now() - startedAt) / 1000) * perSecond);
      while (serial < due) send((serial += 1));
      if (performance.now() - startedAt < seconds * 1000) return;
      clearInterval(timer);
      setTimeout(resolve, 2_000);
    }, 1);
  });
}
