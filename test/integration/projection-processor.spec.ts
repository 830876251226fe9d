import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OrderedProcessor, type SqlDatabase } from '@metad/projection';
import { partitionId } from '@metad/foundation';
import { systemClock } from '../../src/app/system-clock.js';
import {
  AppliedLog,
  appendWorkload,
  assigned,
  partitionsUpTo,
  placed,
  released,
} from '../fixtures/applied-log.js';
import { startPostgres, type TestPostgres } from '../fixtures/postgres.js';
import { firstVersions, openTestReadModel } from '../fixtures/read-model.js';

type ReadModel = Awaited<ReturnType<typeof openTestReadModel>>;
let postgres: TestPostgres;
let model: ReadModel;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres.dispose();
});

async function withProcessor(log: AppliedLog, work: (p: OrderedProcessor) => Promise<void>) {
  model = await openTestReadModel(postgres.url);
  const processor = startProcessor(log, model.database);
  try {
    await work(processor);
  } finally {
    await processor.stop();
    await model.close();
  }
}

function startProcessor(log: AppliedLog, database: SqlDatabase): OrderedProcessor {
  const processor = new OrderedProcessor(
    {
      source: log,
      database,
      clock: systemClock,
      incarnation: 'abc',
      partitions: () => log.partitions,
    },
    firstVersions(),
    { fencedMs: 50 },
  );
  processor.start();
  return processor;
}

async function caughtUp(log: AppliedLog, processor: OrderedProcessor): Promise<void> {
  for (const { name } of processor.versions) {
    for (const partition of log.partitions) {
      const reached = await processor.watermark(name)?.wait(partition, log.head(partition), 30_000);
      expect([name, partition, reached, processor.reason]).toEqual([name, partition, true, null]);
    }
  }
}

const rowsOf = (text: string): Promise<Record<string, unknown>[]> => model.queries.query(text);

/** The resources as an independent fold of the log has them. */
const expectedResources = (log: AppliedLog) =>
  [...log.records.values()]
    .filter((record) => record.kind === 'resource')
    .map((r) => `${r.key} ${String(r.value['node'])} ${r.version} ${r.index}`)
    .sort();

const storedResources = async () => {
  const rows = await rowsOf('SELECT tenant_id, resource_id, node, version, index FROM resource');
  return rows
    .map(
      (r) =>
        `${r['tenant_id'] as string}/${r['resource_id'] as string} ` +
        [r['node'], r['version'], r['index']].join(' '),
    )
    .sort();
};

describe('the ordered processor on PostgreSQL', () => {
  it('makes tables that equal the fold of the log, checkpoints at the head', async () => {
    const log = new AppliedLog(partitionsUpTo(4));
    appendWorkload(log, 7, 6_000);
    await withProcessor(log, async (processor) => {
      await caughtUp(log, processor);
      appendWorkload(log, 8, 3_000);
      await caughtUp(log, processor);
      expect(await storedResources()).toEqual(expectedResources(log));
      const points = await rowsOf(
        `SELECT partition, index FROM checkpoint WHERE projection = 'resource' ORDER BY 1`,
      );
      expect(points).toEqual(
        log.partitions.map((p) => ({ partition: Number(p), index: String(log.head(p)) })),
      );
      const changes = await rowsOf('SELECT count(*)::int AS n FROM history');
      const all = await Promise.all(log.partitions.map((p) => log.read(p, 0 as never, 1e9)));
      expect(changes).toEqual([{ n: all.flat().flatMap((entry) => entry.changes).length }]);
    });
  });

  it('writes, replaces and deletes one record in the order of its changes', async () => {
    const log = new AppliedLog(partitionsUpTo(1));
    const one = partitionId(1);
    await withProcessor(log, async (processor) => {
      log.append(one, placed('acme', 'eu-1', { labels: { plan: 'gold' } }));
      log.append(one, assigned('acme', 'db-1', 'node-a'));
      log.append(one, assigned('acme', 'db-1', 'node-b'), released('acme', 'db-1'));
      log.append(one, assigned('acme', 'db-1', 'node-c', { owner: 'w1', ttlMs: 5000 }));
      await caughtUp(log, processor);
      expect(await rowsOf('SELECT node, owner, ttl_ms, version, index FROM resource')).toEqual([
        { node: 'node-c', owner: 'w1', ttl_ms: '5000', version: '1', index: '4' },
      ]);
      expect(await rowsOf('SELECT cell, labels FROM tenant')).toEqual([
        { cell: 'eu-1', labels: { plan: 'gold' } },
      ]);
      expect(
        await rowsOf(`SELECT type, valid_from_index AS since, valid_to_index AS until FROM history
          WHERE kind = 'resource' ORDER BY valid_from_index, step`),
      ).toEqual([
        { type: 'ResourceAssigned', since: '2', until: '3' },
        { type: 'ResourceAssigned', since: '3', until: '3' },
        { type: 'ResourceReleased', since: '3', until: '4' },
        { type: 'ResourceAssigned', since: '4', until: null },
      ]);
    });
  });

  it('lets two writers of one schema never write an entry twice', async () => {
    const log = new AppliedLog(partitionsUpTo(2));
    appendWorkload(log, 1, 2_000);
    await withProcessor(log, async (first) => {
      const second = startProcessor(log, model.database);
      for (let round = 0; round < 20; round += 1) {
        appendWorkload(log, 100 + round, 100);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      await caughtUp(log, first);
      await second.stop();
      expect(await storedResources()).toEqual(expectedResources(log));
      const all = await Promise.all(log.partitions.map((p) => log.read(p, 0 as never, 1e9)));
      expect(await rowsOf('SELECT count(*)::int AS n FROM history')).toEqual([
        { n: all.flat().flatMap((entry) => entry.changes).length },
      ]);
    });
  });

  it('lets plain SQL wait for a position', async () => {
    const log = new AppliedLog(partitionsUpTo(1));
    await withProcessor(log, async () => {
      const waiting = rowsOf(`SELECT wait_for('m1.abc.1.2', '10 seconds') AS reached`);
      log.append(partitionId(1));
      log.append(partitionId(1), assigned('acme', 'db-1', 'node-a'));
      expect(await waiting).toEqual([{ reached: true }]);
      expect(await rowsOf(`SELECT wait_for('m1.abc.1.3', '50 ms') AS reached`)).toEqual([
        { reached: false },
      ]);
      await expect(rowsOf(`SELECT wait_for('m1.other.1.1')`)).rejects.toThrow('incarnation');
      await expect(rowsOf(`SELECT wait_for('nonsense')`)).rejects.toThrow('position has the form');
    });
  });

  it('takes the time-out of that wait in milliseconds too, however a driver sends it', async () => {
    const log = new AppliedLog(partitionsUpTo(1));
    await withProcessor(log, async () => {
      const reached = async (timeout: string, values: unknown[] = []) => {
        const text = `SELECT wait_for('m1.abc.1.1', ${timeout}) AS reached`;
        const rows: { reached: boolean | null }[] = await model.queries.query(text, values);
        return rows[0]?.reached;
      };
      for (const timeout of [
        '50',
        '50::bigint',
        '0',
        '-1',
        "'50 ms'",
        "interval '50 ms'",
        "'50'",
      ]) {
        expect([timeout, await reached(timeout)]).toEqual([timeout, false]);
      }
      for (const value of [50, '50', '50 ms']) expect(await reached('$1', [value])).toBe(false);
      expect(await reached('NULL')).toBeNull();
      const waiting = reached('10000');
      log.append(partitionId(1));
      expect(await waiting).toBe(true);
      for (const timeout of ['1000', "'1 second'", "'1s'", "' 1000 '"]) {
        expect(await reached(timeout)).toBe(true);
      }
      await expect(reached("'soon'")).rejects.toThrow('interval');
    });
  });
});
