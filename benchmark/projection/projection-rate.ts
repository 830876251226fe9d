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
import {
  ResourceProjection,
  RESOURCE_TABLE,
} from '../../src/kinds/resource/resource.projection.js';
import { openReadModel } from '../../src/projection/read-model-schema.js';

/**
 * Rows a second: the ordered processor and a rebuild, against a bare loop that writes the same rows
 * with the same statements into the same server.
 *
 *     DATABASE_URL=postgres://… node dist/benchmark/projection/projection-rate.js [records]
 */
const records = Number(process.argv[2] ?? 100_000);
const partitionCount = 8;
const batchRows = 2_000;
const incarnation = 'bench';
const url = process.env['DATABASE_URL'];

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
const perPartition = Math.ceil(records / partitionCount);

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
const source: EntrySource & RebuildSource = {
  head: () => logIndex(perPartition),
  read: async (partition, after, entriesMax) => {
    const count = Math.min(entriesMax, perPartition - after);
    return Array.from({ length: Math.max(0, count) }, (_, at) =>
      entryAt(partition, after + at + 1),
    );
  },
  onAdvance: () => () => undefined,
  atSnapshot: async () => null,
  recordsAt: async (partition, index: LogIndex) => ({
    ...{ index, term: term(1), time: logTime(0), records: recordsUpTo(partition, index) },
  }),
};

function* recordsUpTo(partition: PartitionId, index: LogIndex): Iterable<StoredRecord> {
  for (let at = 1; at <= index; at += 1) yield recordAt(partition, at);
}

/** The bare loop: rows made beforehand, the same upsert, nothing else. */
async function bareLoop(database: PgDatabase): Promise<number> {
  const columns = RESOURCE_TABLE.columns;
  await database.run({ text: 'CREATE TABLE bare (LIKE resource_v1 INCLUDING ALL)' });
  const table = { shape: RESOURCE_TABLE, name: 'bare', seed: 0 };
  const projection = new ResourceProjection();
  const started = performance.now();
  for (const partition of partitions) {
    for (let from = 1; from <= perPartition; from += batchRows) {
      const rows: { partition: PartitionId; row: Row }[] = [];
      for (let at = from; at < from + batchRows && at <= perPartition; at += 1) {
        const [made] = projection.rowsOf(recordAt(partition, at));
        rows.push({ partition, row: made?.rows[0] ?? columns.map(() => null) });
      }
      await database.transaction(async (session) => {
        await session.run(upsertStatement(table, rows));
      });
    }
  }
  return performance.now() - started;
}

async function live(database: PgDatabase, version: ProjectionVersion): Promise<OrderedProcessor> {
  const ports = { source, database, clock, incarnation, partitions: () => partitions };
  const processor = new OrderedProcessor(ports, [version], { changesMax: batchRows });
  processor.start();
  for (const partition of partitions) {
    await processor.watermark('resource')?.wait(partition, source.head(partition), 600_000);
  }
  return processor;
}

async function rebuild(database: PgDatabase, processor: OrderedProcessor): Promise<string[]> {
  const [{ definition }] = processor.versions as [ProjectionVersion];
  const made = await database.transaction((s) => createVersion(s, definition, 1, 'log'));
  const version = new ProjectionVersion(definition, made);
  const ports = { source, database, processor, clock, incarnation, partitions: () => partitions };
  const run = new RebuildRun(ports, version, new Pace(clock, null), { source: 'log' });
  const started = performance.now();
  await run.build();
  const built = performance.now();
  await run.verify();
  const verified = performance.now();
  const equal = await run.activate();
  const rate = (ms: number): string => `${Math.round((records / ms) * 1_000)} rows/s`;
  return [
    `rebuild           ${rate(built - started)}`,
    `verify            ${rate(verified - built)}`,
    `switch            ${Math.round(performance.now() - verified)} ms, equal to live: ${equal}`,
  ];
}

async function main(): Promise<void> {
  if (!url) throw new Error('DATABASE_URL names the server to measure on');
  const schema = `metad_bench_${process.pid}`;
  const options = { url, schema, connectionsMax: 4, statementTimeoutMs: 60_000 };
  const queries = await openReadModel({ ...options, entities: [] });
  const database = new PgDatabase({ ...options, applicationName: 'metad benchmark' });
  const [definition] = orderDefinitions([projectionOf(new ResourceProjection())!]);
  try {
    const bareMs = await bareLoop(database);
    await database.run({ text: 'DROP TABLE bare' });
    const before = process.memoryUsage().rss;
    const started = performance.now();
    const processor = await live(database, new ProjectionVersion(definition!, 1));
    const liveMs = performance.now() - started;
    const lines = await rebuild(database, processor);
    await processor.stop();
    const rate = (ms: number): string => `${Math.round((records / ms) * 1_000)} rows/s`;
    const grown = Math.round((process.memoryUsage().rss - before) / 1_048_576);
    console.log(
      [
        `records           ${records} in ${partitionCount} partitions`,
        `bare loop         ${rate(bareMs)}`,
        `live processor    ${rate(liveMs)}  (${Math.round((bareMs / liveMs) * 100)} % of the loop)`,
        ...lines,
        `RSS grew          ${grown} MiB`,
      ].join('\n'),
    );
  } finally {
    await database.run({ text: `DROP SCHEMA ${schema} CASCADE` });
    await database.close();
    await queries.destroy();
  }
}

await main();
