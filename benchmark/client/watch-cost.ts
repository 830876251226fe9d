import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { subjectsUnder } from '@metad/contract';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Logger } from '../../src/app/logger.js';
import { systemClock } from '../../src/app/system-clock.js';
import { toRecordBody } from '../../src/decide/index.js';
import { KINDS } from '../../src/kinds/index.js';
import { EventFeed } from '../../src/watch/channel/event-feed.js';
import { publisherWithPosition } from '../../src/watch/channel/position-header.js';
import { WatchHub } from '../../src/watch/channel/watch-hub.js';
import { InboxDelivery } from '../../src/watch/inbox-delivery.js';
import { WatchSessions } from '../../src/watch/session/watch-sessions.js';
import { WatchedLog } from '../../src/watch/testing/watched-log.js';
import { WatchMessages } from '../../src/watch/watch-message.js';
import { WatchService } from '../../src/watch/watch.service.js';

/**
 * What the watch stage alone costs: a log that is written here, the stage of one node over it, a
 * broker, and watchers in a process of their own. Processor time of this process, less that of
 * writing the log, so that it can be compared on a machine that does other work:
 * `NATS_URL=… node dist/benchmark/client/watch-cost.js [changes] [watchers]`
 */
const namespace = 'bench-watch';
const partitions = 4;
const perTick = 10;
const tickMs = 10;
const watcherProgram = fileURLToPath(new URL('./watcher-process.js', import.meta.url));

/** A log whose records look to clients as those of a node do. */
class BenchmarkLog extends WatchedLog {
  override bodyText(record: Parameters<WatchedLog['bodyText']>[0]): string {
    return JSON.stringify(toRecordBody(record, KINDS));
  }
}

class Stage {
  readonly log = new BenchmarkLog(partitions);
  leads = false;
  private readonly hub: WatchHub;
  private readonly feed: EventFeed;
  private readonly service: WatchService;

  constructor(readonly connection: NatsConnection) {
    const { log } = this;
    const subjects = subjectsUnder('metad.v1');
    const messages = new WatchMessages(log, () => log.incarnation());
    this.feed = new EventFeed(log, subjects, messages, {
      serves: () => this.leads,
      publish: publisherWithPosition(connection),
      onUnexpected: (error) => console.error(error),
    });
    this.hub = new WatchHub(log, log, messages, console as unknown as Logger);
    const now = (): number => performance.now();
    const sessions = new WatchSessions({
      ...{ hub: this.hub, source: log, partitions: log, records: log, messages, now },
      onUnexpected: (error) => console.error(error),
    });
    const inboxes = new InboxDelivery(connection, subjects, (watcher) => sessions.close(watcher));
    const options = { node: 'n1', requestBytesMax: 262_144 };
    this.service = new WatchService(sessions, inboxes, log, systemClock, options);
    connection.subscribe(subjects.watches, {
      callback: (_error, message) =>
        void message.respond(this.service.execute(namespace, message.data).payload),
    });
    this.hub.start();
    this.feed.start();
    this.service.start();
  }

  stop(): void {
    this.service.stop();
    this.hub.stop();
    this.feed.stop();
  }

  /** Writes `changes` at a steady rate; microseconds of this process's CPU for each. */
  async write(changes: number): Promise<number> {
    const before = process.cpuUsage();
    for (let at = 0; at < changes; at += 1) {
      const value = { tenantId: `t-${at % 50}`, resourceId: `r-${at % 5_000}`, node: `node-${at}` };
      const labels = { team: 'payments', tier: 'gold', purpose: 'a label of some length' };
      const key = `${value.tenantId}/${value.resourceId}`;
      const happening = { type: 'ResourceAssigned', namespace, key, value: { ...value, labels } };
      this.log.append(1 + (at % partitions), happening);
      if (at % perTick === 0) await pause(tickMs);
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / changes;
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const [changes = 5_000, watchers = 100] = process.argv.slice(2).map(Number);
const servers = process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222';
const stage = new Stage(await connect({ servers, noAsyncTraces: true }));
await stage.write(changes / 2);
const idle = await stage.write(changes);
stage.leads = true;
await stage.write(changes / 2);
const fed = await stage.write(changes);
const arguments_ = [watcherProgram, servers, namespace, String(watchers)];
const child = spawn(process.execPath, arguments_, { stdio: ['pipe', 'pipe', 'inherit'] });
await once(child.stdout, 'data');
const warmUp = Math.round(changes / 10);
await stage.write(warmUp);
const watched = await stage.write(changes);
await pause(1_000);
child.stdin.write('stop\n');
const [said] = (await once(child.stdout, 'data')) as [Buffer];
const { delivered } = JSON.parse(said.toString()) as { delivered: number };
console.log(`writing the log        ${idle.toFixed(1)} µs a change`);
console.log(`event feed             ${(fed - idle).toFixed(1)} µs a change`);
console.log(`watchers               ${((watched - fed) / watchers).toFixed(2)} µs a message`);
console.log(`delivered              ${delivered} of ${(changes + warmUp) * watchers}`);
stage.stop();
await stage.connection.close();
