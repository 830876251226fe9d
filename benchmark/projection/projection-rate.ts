import type { AppliedEntry, StoredRecord } from '@metad/eventsourcing';
import {
  logIndex,
  logTime,
  partitionId,
  term,
  type LogIndex,
  type PartitionId,
} from '@metad/foundation';
import {
  OrderedProcessor,
  orderDefinitions,
  Pace,
  PgDatabase,
  projectionOf,
  ProjectionVersion,
  RebuildRun,
  createVersion,
  type EntrySource,
  type RebuildSource,
  type Row,
  upsertStatement,
} from '@metad/projection';
import { ResourceProjection } from '../../src/kinds/resource/resource.projection.js';
import type { Figure } from '../report/report.js';
import { openReadModel } from '../../src/projection/read-model-schema.js';

/**
 * Rows a second: the ordered processor and a rebuild, against a bare loop that writes the same rows
 * with the same statements into the same server. While the rebuild goes on, the log grows and a
 * client asks for records by key and for their number, and must never be refused or see less.
 */
const partitionCount = 8;
const batchRows = 2_000;
const incarnation = 'bench';
/** Entries that each partition's log grows by while tables are rebuilt, and how often. */
const grownAtOnce = 5;
const growthMs = 50;

const clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms: number, callback: () => void) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

const partitions: readonly PartitionId[] = Array.from({ length: partitionCount }, (_, at) =>
  partitionId(at + 1),
);
/** The `number`-th record of a partition, as an assignment made it. */
function recordAt(partition: PartitionId, index: number): StoredRecord {
  const [tenantId, resourceId] = [`tenant-${index % 97}`, `r-${partition}-${index}`];
  const labels = { app: `a${index % 50}`, zone: `z${index % 3}` };
  const value = { tenantId, resourceId, node: `node-${index % 40}`, kind: 'vm', labels };
  const time = logTime(1_790_000_000_000 + index);
  return {
    ...{ kind: 'resource', namespace: 'prod', key: `${tenantId}/${resourceId}`, version: 1 },
    ...{ fence: null, value, createdAt: time, updatedAt: time, index: logIndex(index) },
    expiresAt: null,
  };
}

function entryAt(partition: PartitionId, index: number): AppliedEntry {
  const after = recordAt(partition, index);
  const { kind, namespace, key, value } = after;
  const type = 'ResourceAssigned';
  return {
    ...{ partition, index: logIndex(index), term: term(1), time: after.updatedAt },
    ...{ commandId: 'c', command: 'AssignResource', actor: null, reason: null, rejected: null },
    changes: [{ type, kind, namespace, key, data: value, before: null, after }],
  };
}

/** A log of assignments, made as it is read: nothing is kept. */
class AssignmentLog implements EntrySource, RebuildSource {
  private listener: (partition: PartitionId) => void = () => undefined;

  constructor(private perPartition: number) {}

  /** Lets every partition's log grow. */
  grow(count: number): void {
    this.perPartition += count;
    for (const partition of partitions) this.listener(partition);
  }

  head(): LogIndex {
    return logIndex(this.perPartition);
  }

  async read(partition: PartitionId, after: LogIndex, entriesMax: number) {
    const count = Math.min(entriesMax, this.perPartition - after);
    return Array.from({ length: Math.max(0, count) }, (_, at) =>
      entryAt(partition, after + at + 1),
    );
  }

  onAdvance(listener: (partition: PartitionId) => void): () => void {
    this.listener = listener;
    return () => undefined;
  }

  async atSnapshot(): Promise<null> {
    return null;
  }

  async recordsAt(partition: PartitionId, index: LogIndex) {
    const records = recordsUpTo(partition, index);
    return { index, term: term(1), time: logTime(0), records };
  }
}

function* recordsUpTo(partition: PartitionId, index: LogIndex): Iterable<StoredRecord> {
  for (let at = 1; at <= index; at += 1) yield recordAt(partition, at);
}

/** The bare loop: the same rows, made the same way, the same upsert, nothing else. */
async function bareLoop(database: PgDatabase, perPartition: number): Promise<number> {
  await database.run({ text: 'CREATE TABLE bare (LIKE resource_v1 INCLUDING ALL)' });
  const projection = new ResourceProjection();
  const [like] = new ProjectionVersion(projectionOf(projection)!, 1).tables;
  const table = { ...like!, name: 'bare' };
  const started = performance.now();
  for (const partition of partitions) {
    for (let from = 1; from <= perPartition; from += batchRows) {
      const rows: { partition: PartitionId; row: Row }[] = [];
      for (let at = from; at < from + batchRows && at <= perPartition; at += 1) {
        for (const { rows: made } of projection.rowsOf(recordAt(partition, at))) {
          for (const row of made) rows.push({ partition, row });
        }
      }
      await database.transaction(async (session) => {
        await session.run(upsertStatement(table, rows));
      });
    }
  }
  const ms = performance.now() - started;
  await database.run({ text: 'DROP TABLE bare' });
  return ms;
}

/** Asks for records without a pause until told to stop; throws what a query throws. */
class Asker {
  asked = 0;
  private isOver = false;
  private readonly asking: Promise<void>;

  constructor(
    private readonly queries: { query(text: string): Promise<Record<string, unknown>[]> },
    private readonly recordsMin: number,
  ) {
    this.asking = this.ask();
    this.asking.catch(() => undefined); // It is awaited by `stop`.
  }

  async stop(): Promise<number> {
    this.isOver = true;
    await this.asking;
    return this.asked;
  }

  private async ask(): Promise<void> {
    const last = this.recordsMin / partitionCount;
    for (; !this.isOver; this.asked += 1) {
      const index = 1 + (this.asked % last);
      const key = `namespace = 'prod' AND resource_id = 'r-1-${index}'`;
      const found = await this.queries.query(`SELECT node FROM resource WHERE ${key}`);
      if (found.length !== 1) throw new Error(`record r-1-${index} was not there`);
      if (this.asked % 5_000 === 0) await this.count();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  private async count(): Promise<void> {
    const [row] = await this.queries.query('SELECT count(*)::integer AS n FROM resource');
    if (Number(row?.['n']) < this.recordsMin) throw new Error(`only ${String(row?.['n'])} rows`);
  }
}

async function live(
  source: AssignmentLog,
  database: PgDatabase,
): Promise<[OrderedProcessor, number]> {
  const [definition] = orderDefinitions([projectionOf(new ResourceProjection())!]);
  const ports = { source, database, clock, incarnation, partitions: () => partitions };
  const version = new ProjectionVersion(definition!, 1);
  const processor = new OrderedProcessor(ports, [version], { changesMax: batchRows });
  const started = performance.now();
  processor.start();
  for (const partition of partitions) {
    await processor.watermark('resource')?.wait(partition, source.head(), 600_000);
  }
  return [processor, performance.now() - started];
}

interface Rebuilt {
  readonly builtMs: number;
  readonly verifiedMs: number;
  readonly rows: number;
  readonly equal: boolean | null;
}

async function rebuild(
  source: AssignmentLog,
  database: PgDatabase,
  processor: OrderedProcessor,
): Promise<Rebuilt> {
  const [{ definition }] = processor.versions as [ProjectionVersion];
  const made = await database.transaction((s) => createVersion(s, definition, 1, 'log'));
  const version = new ProjectionVersion(definition, made);
  const ports = { source, database, processor, clock, incarnation, partitions: () => partitions };
  const run = new RebuildRun(ports, version, new Pace(clock, null), { source: 'log' });
  const started = performance.now();
  await run.build();
  const built = performance.now();
  await run.verify();
  const verifiedMs = performance.now() - built;
  const { rows } = run.progress();
  return { builtMs: built - started, verifiedMs, rows, equal: await run.activate() };
}

const mebibytes = (bytes: number): number => Math.round(bytes / 1_048_576);

/** Figures of `records` rows on the server at `url`. Throws when a query failed meanwhile. */
export async function projectionRate(url: string, records: number): Promise<Figure[]> {
  const schema = `metad_bench_${process.pid}`;
  const options = { url, schema, connectionsMax: 4, statementTimeoutMs: 60_000 };
  const queries = await openReadModel({ ...options, entities: [] });
  const database = new PgDatabase({ ...options, applicationName: 'metad benchmark' });
  const perPartition = Math.ceil(records / partitionCount);
  const source = new AssignmentLog(perPartition);
  const perSecond = (rows: number, ms: number): number => Math.round((rows / ms) * 1_000);
  try {
    const bareMs = await bareLoop(database, perPartition);
    const [processor, liveMs] = await live(source, database);
    const before = process.memoryUsage().rss;
    let most = before;
    const growth = setInterval(() => {
      source.grow(grownAtOnce);
      most = Math.max(most, process.memoryUsage().rss);
    }, growthMs);
    const asker = new Asker(queries, records);
    const { builtMs, verifiedMs, rows, equal } = await rebuild(source, database, processor);
    clearInterval(growth);
    const asked = await asker.stop();
    await processor.stop();
    const ofLoop = (ms: number, of: number): number =>
      Math.round((of / records / ms) * bareMs * 100);
    return [
      {
        name: `bare loop of ${records} rows`,
        unit: 'per second',
        value: perSecond(records, bareMs),
      },
      { name: 'live processor', unit: 'per second', value: perSecond(records, liveMs) },
      { name: 'live processor, of the loop', unit: '%', value: ofLoop(liveMs, records) },
      { name: 'rebuild under load', unit: 'per second', value: perSecond(rows, builtMs) },
      { name: 'rebuild under load, of the loop', unit: '%', value: ofLoop(builtMs, rows) },
      { name: 'verification', unit: 'per second', value: perSecond(rows, verifiedMs) },
      { name: 'equal to the version before (1: yes)', unit: '', value: equal === true ? 1 : 0 },
      { name: 'queries meanwhile, none failed', unit: '', value: asked },
      { name: 'memory grew by at most', unit: 'MiB', value: mebibytes(most - before) },
    ];
  } finally {
    await database.run({ text: `DROP SCHEMA ${schema} CASCADE` });
    await database.close();
    await queries.destroy();
  }
}
