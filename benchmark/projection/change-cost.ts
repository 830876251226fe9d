import { readFileSync } from 'node:fs';
import type { AppliedEntry, StoredRecord } from '@metad/eventsourcing';
import { logIndex, logTime, partitionId, seededRandom, term } from '@metad/foundation';
import type { LogIndex, PartitionId } from '@metad/foundation';
import {
  OrderedProcessor,
  orderDefinitions,
  PgDatabase,
  projectionOf,
  ProjectionVersion,
  type EntrySource,
} from '@metad/projection';
import { Client } from 'pg';
import { KIND_PROJECTIONS } from '../../src/kinds/read-side.js';
import { HistoryProjection } from '../../src/projection/history/history.projection.js';
import { openReadModel } from '../../src/projection/read-model-schema.js';

/**
 * What the tables of one node cost for one command, in processor time: every projection of the
 * application over a log that is made beforehand, at a fixed rate, into a real server. The records
 * are those of the comparisons (10,000 resources with a label of 256 bytes that every change
 * replaces): the dearest case, as every change is one of what the labels' index holds.
 *
 *     DATABASE_URL=postgres://… node dist/benchmark/projection/change-cost.js [rate] [seconds]
 *
 * The server's part is that of the connections, from /proc (Linux): run it on the server's machine.
 */
const rate = Number(process.argv[2] ?? 3_000);
const seconds = Number(process.argv[3] ?? 8);
const records = 10_000;
const partitionCount = 8;
const stepMs = 5;
const url = process.env['DATABASE_URL'] ?? '';

const clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms: number, callback: () => void) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** A log that is there already and becomes visible step by step. */
class PreparedLog implements EntrySource {
  readonly partitions: readonly PartitionId[];
  private readonly entries = new Map<PartitionId, AppliedEntry[]>();
  private readonly heads = new Map<PartitionId, number>();
  private readonly order: PartitionId[] = [];
  private readonly current = new Map<number, StoredRecord>();
  private readonly random = seededRandom(7);
  private listener: (partition: PartitionId) => void = () => undefined;
  private visible = 0;

  constructor(count: number) {
    this.partitions = Array.from({ length: partitionCount }, (_, at) => partitionId(at + 1));
    for (const partition of this.partitions) this.entries.set(partition, []);
    for (let at = 0; at < count; at += 1) {
      this.append(at < records ? at : this.random.below(records));
    }
  }

  /** Lets the next entries be seen. */
  show(count: number): void {
    const until = Math.min(this.order.length, this.visible + count);
    for (; this.visible < until; this.visible += 1) {
      const partition = this.order[this.visible] as PartitionId;
      this.heads.set(partition, this.head(partition) + 1);
    }
    for (const partition of this.partitions) this.listener(partition);
  }

  head(partition: PartitionId): LogIndex {
    return logIndex(this.heads.get(partition) ?? 0);
  }

  async read(partition: PartitionId, after: LogIndex, entriesMax: number) {
    const until = Math.min(this.head(partition), after + entriesMax);
    return this.entries.get(partition)?.slice(after, until) ?? [];
  }

  onAdvance(listener: (partition: PartitionId) => void): () => void {
    this.listener = listener;
    return () => undefined;
  }

  private append(record: number): void {
    const partition = partitionId((record % partitionCount) + 1);
    const log = this.entries.get(partition) ?? [];
    const before = this.current.get(record) ?? null;
    const index = logIndex(log.length + 1);
    const time = logTime(1_790_000_000_000 + this.order.length);
    const [tenantId, resourceId] = [`t${record % 1_024}`, `r${record}`];
    const value = { tenantId, resourceId, node: 'node-1', labels: { value: this.text() } };
    const [kind, namespace, key] = ['resource', 'bench', `${tenantId}/${resourceId}`];
    const after: StoredRecord = {
      ...{ kind, namespace, key, version: (before?.version ?? 0) + 1, fence: null, value, index },
      ...{ createdAt: before?.createdAt ?? time, updatedAt: time, expiresAt: null },
    };
    this.current.set(record, after);
    const data = { ...value };
    const commandId = `0199d3a0-0000-7000-8000-${this.order.length.toString(16).padStart(12, '0')}`;
    log.push({
      ...{ partition, index, term: term(1), time, commandId, command: 'AssignResource' },
      ...{ actor: null, reason: null, rejected: null },
      changes: [{ type: 'ResourceAssigned', kind, namespace, key, data, before, after }],
    });
    this.order.push(partition);
  }

  private text(): string {
    let text = '';
    while (text.length < 256) text += this.random.below(2 ** 31).toString(36);
    return text.slice(0, 256);
  }
}

/** Processor microseconds of the server's connections of this benchmark so far. */
async function serverMicros(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE application_name = 'metad change cost'`,
  );
  const nanos = rows.map(({ pid }) => readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]);
  return nanos.reduce((sum, one) => sum + Number(one) / 1_000, 0);
}

async function shown(log: PreparedLog, processor: OrderedProcessor, count: number) {
  const each = Math.ceil((rate * stepMs) / 1_000);
  const started = performance.now();
  for (let done = 0; done < count; done += each) {
    log.show(Math.min(each, count - done));
    const dueMs = ((done + each) / rate) * 1_000 - (performance.now() - started);
    if (dueMs > 0) await new Promise((resolve) => setTimeout(resolve, dueMs));
  }
  const behind = (): boolean =>
    processor.versions.some(({ name }) => processor.lag(name)?.lagEntries(log.partitions) !== 0);
  while (behind()) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function main(): Promise<void> {
  if (url === '') throw new Error('DATABASE_URL names the server to measure on');
  const schema = `metad_cost_${process.pid}`;
  const options = { url, schema, connectionsMax: 1, statementTimeoutMs: 60_000 };
  const queries = await openReadModel({ ...options, entities: [] });
  const database = new PgDatabase({ ...options, applicationName: 'metad change cost' });
  const client = new Client({ connectionString: url });
  await client.connect();
  const count = rate * seconds;
  const log = new PreparedLog(records + count);
  const definitions = orderDefinitions(
    [...KIND_PROJECTIONS, HistoryProjection].flatMap((type) => projectionOf(new type()) ?? []),
  );
  const versions = definitions.map((definition) => new ProjectionVersion(definition, 1));
  const ports = { source: log, database, clock, incarnation: 'cost' };
  const processor = new OrderedProcessor({ ...ports, partitions: () => log.partitions }, versions);
  processor.start();
  try {
    await shown(log, processor, records);
    const [server, node] = [await serverMicros(client), process.cpuUsage()];
    await shown(log, processor, count);
    const { user, system } = process.cpuUsage(node);
    const ofNode = (user + system) / count;
    const ofServer = ((await serverMicros(client)) - server) / count;
    const sum = (ofNode + ofServer).toFixed(1);
    console.log(`${count} commands at ${rate}/s: ${sum} µs of CPU each`);
    console.log(`  node    ${ofNode.toFixed(1)} µs\n  server  ${ofServer.toFixed(1)} µs`);
  } finally {
    await processor.stop();
    await database.run({ text: `DROP SCHEMA ${schema} CASCADE` });
    await Promise.all([database.close(), queries.destroy(), client.end()]);
  }
}

await main();
