import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { logIndex, type PartitionId } from '@metad/foundation';
import {
  createVersion,
  dropVersion,
  OrderedProcessor,
  Pace,
  ProjectionVersion,
  RebuildRun,
  RunSuspended,
  type RebuildOptions,
  type SqlDatabase,
  verifyVersion,
} from '@metad/projection';
import { systemClock } from '../../src/app/system-clock.js';
import { LiveEventSource } from '../../src/dispatch/live-event-source.js';
import { AppliedLog, appendWorkload, partitionsUpTo } from '../fixtures/applied-log.js';
import { startPostgres, type TestPostgres } from '../fixtures/postgres.js';
import { firstVersions, openTestReadModel } from '../fixtures/read-model.js';
import { ReplayedLog } from '../fixtures/replayed-log.js';

const incarnation = 'abc';
let postgres: TestPostgres;
let model: Awaited<ReturnType<typeof openTestReadModel>>;
let log: AppliedLog;
let replayed: ReplayedLog;
let source: LiveEventSource;
let processor: OrderedProcessor;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.dispose());

beforeEach(async () => {
  model = await openTestReadModel(postgres.url);
  log = new AppliedLog(partitionsUpTo(3));
  replayed = new ReplayedLog(log);
  const limits = { entriesMax: 500, bytesMax: 1e9, entriesMin: 500 };
  source = new LiveEventSource(replayed.ports(), limits);
  processor = new OrderedProcessor({ ...ports(), source }, firstVersions());
  processor.start();
});
afterEach(async () => {
  await processor.stop();
  await model.close();
});

const ports = () => ({
  database: model.database,
  clock: systemClock,
  incarnation,
  partitions: (): readonly PartitionId[] => log.partitions,
});

/** Appends to the log and lets the source see it, as a state machine would. */
function work(seed: number, count: number): void {
  const before = new Map(log.partitions.map((p) => [p, log.head(p)]));
  appendWorkload(log, seed, count);
  for (const [partition, from] of before) {
    for (let at = from + 1; at <= log.head(partition); at += 1) {
      source.applied(log.entryAt(partition, logIndex(at)));
    }
  }
}

async function caughtUp(): Promise<void> {
  for (const { name } of processor.versions) {
    for (const p of log.partitions) {
      expect(await processor.watermark(name)?.wait(p, log.head(p), 30_000)).toBe(true);
    }
  }
}

const live = (name: string): ProjectionVersion => {
  const found = processor.versions.find((version) => version.name === name);
  if (!found) throw new Error(name);
  return found;
};

async function begin(name: string, options: RebuildOptions, pace = new Pace(systemClock, null)) {
  const { definition, version } = live(name);
  const made = await model.database.transaction((session) =>
    createVersion(session, definition, version, options.source),
  );
  return runOf(name, made, options, pace);
}

function runOf(name: string, version: number, options: RebuildOptions, pace: Pace): RebuildRun {
  const made = new ProjectionVersion(live(name).definition, version);
  return new RebuildRun({ ...ports(), source, processor }, made, pace, options);
}

const verified = (version: ProjectionVersion) => verifyVersion({ ...ports(), source }, version);

const query = (text: string): Promise<Record<string, unknown>[]> => model.queries.query(text);

describe('a rebuild', () => {
  it('replays the log into new tables, proves them equal, and switches', async () => {
    work(1, 4_000);
    await caughtUp();
    const run = await begin('resource', { source: 'log' });
    await run.build();
    const report = await run.verify();
    expect(report.equal).toBe(true);
    expect(await run.activate()).toBe(true);
    expect(live('resource').version).toBe(2);
    expect(await query('SELECT count(*) AS n FROM resource')).toEqual(
      await query('SELECT count(*) AS n FROM resource_v1'),
    );
    work(2, 500);
    await caughtUp();
    expect((await verified(live('resource'))).equal).toBe(true);
    expect(await query('SELECT count(*)::int AS n FROM resource_v2')).toEqual([
      { n: [...log.records.values()].length },
    ]);
  });

  it('begins with a snapshot when it is told to', async () => {
    work(1, 4_000);
    await caughtUp();
    replayed.snapshotsAt.push(1_000);
    replayed.first = 900;
    const run = await begin('resource', { source: 'snapshot', changesMax: 50 });
    await run.build();
    expect((await run.verify()).equal).toBe(true);
    expect(await run.activate()).toBe(true);
  });

  it('never lets a query fail or see half a table', async () => {
    work(3, 3_000);
    await caughtUp();
    const expected = await query('SELECT count(*)::int AS n FROM resource');
    let running = true;
    let asked = 0;
    const asking = (async () => {
      while (running) {
        expect(await query('SELECT count(*)::int AS n FROM resource')).toEqual(expected);
        asked += 1;
      }
    })();
    for (let round = 0; round < 3; round += 1) {
      const run = await begin('resource', { source: 'log' });
      await run.build();
      await run.verify();
      expect(await run.activate()).toBe(true);
    }
    running = false;
    await asking;
    expect(asked).toBeGreaterThan(10);
    expect(live('resource').version).toBe(4);
  });

  it('goes on from its checkpoints after it was cut short', async () => {
    work(4, 4_000);
    await caughtUp();
    const pace = new Pace(systemClock, 4_000);
    const first = await begin('resource', { source: 'log', changesMax: 100 }, pace);
    const building = first.build();
    setTimeout(() => pace.end(new RunSuspended('stop')), 200);
    await expect(building).rejects.toThrow(RunSuspended);
    const absorbed = first.progress().done;
    expect(absorbed).toBeGreaterThan(0);
    const second = runOf('resource', 2, { source: 'log' }, new Pace(systemClock, null));
    await second.build();
    expect((await second.verify()).equal).toBe(true);
    expect(await second.activate()).toBe(true);
    expect(second.progress().rows).toBeLessThan(4_000 - absorbed / 2);
  });

  it('goes on while commands are applied, and ends at the head', async () => {
    work(5, 2_000);
    await caughtUp();
    const run = await begin('history', { source: 'log', changesMax: 100 });
    const applying = (async () => {
      for (let round = 0; round < 30; round += 1) {
        work(50 + round, 50);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    await run.build();
    await run.verify();
    expect(await run.activate()).toBe(true);
    await applying;
    await caughtUp();
    expect((await verified(live('history'))).equal).toBe(true);
  });

  it('parks a record while the batch before is being written', async () => {
    work(8, 2_000);
    await caughtUp();
    const one = log.partitions[0]!;
    const { changes } = (await log.read(one, logIndex(200), 100)).find(
      (e) => e.changes.length > 0,
    )!;
    const { definition } = live('resource');
    const handle: typeof definition.handler.handle = (change, entry, rows) => {
      if (entry.index > 200 && change.key === changes[0]?.key) throw new Error('will not have it');
      definition.handler.handle(change, entry, rows);
    };
    await begin('resource', { source: 'log' });
    const refusing = { ...definition, onFailure: 'park' as const, handler: { handle } };
    const version = new ProjectionVersion(refusing, 2);
    const options: RebuildOptions = { source: 'log', changesMax: 50 };
    const pace = new Pace(systemClock, null);
    const late: SqlDatabase = {
      run: (statement) => model.database.run(statement),
      transaction: async (transacted, settings) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return model.database.transaction(transacted, settings);
      },
      close: () => model.database.close(),
    };
    const surroundings = { ...ports(), source, processor, database: late };
    const run = new RebuildRun(surroundings, version, pace, options);
    await run.build();
    expect((await run.verify()).equal).toBe(true);
    expect(version.parked.size).toBe(1);
    expect(version.cursors.get(one)?.index).toBe(log.head(one));
  });

  it('drops what was built when it is given up, and nothing else', async () => {
    work(6, 500);
    await caughtUp();
    const run = await begin('resource', { source: 'log' });
    await run.build();
    const { definition } = live('resource');
    await model.database.transaction((session) => dropVersion(session, definition, 2));
    await model.database.transaction((session) => dropVersion(session, definition, 1));
    expect(
      await query(`SELECT to_regclass('resource_v1') IS NULL AS one,
      to_regclass('resource_v2') IS NULL AS two`),
    ).toEqual([{ one: false, two: true }]);
  });
});

describe('verification', () => {
  it('finds and names rows that somebody changed, removed or added by hand', async () => {
    work(7, 2_000);
    await caughtUp();
    expect((await verified(live('resource'))).equal).toBe(true);
    const [first, second] = await query(
      'SELECT namespace, resource_id, tenant_id, partition FROM resource ORDER BY 1, 2 LIMIT 2',
    );
    const at = (row?: Record<string, unknown>): string =>
      `resource_id = '${String(row?.['resource_id'])}'`;
    await query(`UPDATE resource_v1 SET node = 'elsewhere' WHERE ${at(first)}`);
    await query(`DELETE FROM resource_v1 WHERE ${at(second)}`);
    await query(`INSERT INTO resource_v1 (namespace, resource_id, tenant_id, node, labels, version,
      created_at, updated_at, index, partition)
      VALUES ('prod', 'ghost', 't1', 'node-1', '{}', 1, now(), now(), 1, 1)`);
    const report = await verified(live('resource'));
    expect(report.equal).toBe(false);
    const named = report.differences.map((d) => [d.difference, d.key[1]]);
    expect(named.sort()).toEqual(
      [
        ['changed', first?.['resource_id']],
        ['missing', second?.['resource_id']],
        ['unexpected', 'ghost'],
      ].sort(),
    );
    const run = await begin('resource', { source: 'log' });
    await run.build();
    await run.verify();
    await run.activate();
    expect((await verified(live('resource'))).equal).toBe(true);
  });

  it('keeps its view open however long the replay takes, and no other transaction', async () => {
    const limit = { text: `SHOW idle_in_transaction_session_timeout` };
    const shown = (frozen: boolean) =>
      model.database.transaction(async (session) => (await session.run(limit)).rows, { frozen });
    const name = 'idle_in_transaction_session_timeout';
    expect(await shown(true)).toEqual([{ [name]: '0' }]);
    expect(await shown(false)).toEqual([{ [name]: '1min' }]);
  });
});
