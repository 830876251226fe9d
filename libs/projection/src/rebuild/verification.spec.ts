import { describe, expect, it } from '@jest/globals';
import type { StoredRecord } from '@metad/eventsourcing';
import { logIndex, logTime, partitionId, term } from '@metad/foundation';
import type { ProjectionDefinition } from '../handler/projection-handler.js';
import { ProjectionVersion } from '../processor/projection-version.js';
import type { SqlDatabase, SqlSession } from '../postgres/sql-database.js';
import { RowDigest, seedOf } from '../table/row-digest.js';
import type { Row, TableShape } from '../table/table-shape.js';
import { verifyVersion } from './verification.js';

const shape: TableShape = {
  ...{ name: 'thing', keyColumns: 1, writes: 'upsert' },
  columns: [{ name: 'id', type: 'text' }],
};
const ids = (count: number): string[] => Array.from({ length: count }, (_, at) => `thing-${at}`);
const record = (key: string): StoredRecord => ({
  ...{ kind: 'thing', namespace: 'prod', key, version: 1, value: {}, fence: null },
  ...{ createdAt: logTime(1), updatedAt: logTime(1), expiresAt: null, index: logIndex(1) },
});

/** One partition whose table holds the rows of `stored`, and whose checkpoint says so. */
function tableOf(stored: readonly string[]): SqlDatabase {
  const digest = new RowDigest();
  for (const id of stored) digest.add(seedOf(shape.name), [id]);
  const checkpoint = {
    ...{ partition: 1, index: '9', term: '1', log_time: '1', incarnation: 'abc' },
    ...{ digest: digest.toString(), row_count: String(stored.length) },
  };
  let unread: readonly object[] = [];
  const answer = (text: string): readonly object[] => {
    if (text.includes('FROM projection_checkpoint')) return [checkpoint];
    if (text.includes('DECLARE')) unread = stored.map((id) => ({ id, 'metad partition': 1 }));
    if (!text.startsWith('FETCH')) return [];
    const rows = unread.slice(0, 2_000);
    unread = unread.slice(2_000);
    return rows;
  };
  const session: SqlSession = {
    run: async ({ text }) => ({ rows: answer(text) as never, count: 0 }),
  };
  return { ...session, transaction: (work) => work(session), close: async () => undefined };
}

/** A projection whose handler needs a millisecond of `time` for the rows of every record. */
function slowVersion(time: { now: number }): ProjectionVersion {
  const rowsOf = ({ key }: StoredRecord) => {
    time.now += 1;
    const row: Row = [key];
    return [{ table: shape, rows: [row] }];
  };
  const definition: ProjectionDefinition = {
    ...{ name: 'thing', tables: [shape], onFailure: 'halt', events: null, eventClasses: [] },
    handler: { handle: () => undefined, rowsOf },
  };
  return new ProjectionVersion(definition, 1);
}

/** Verifies `stored` against a state machine that holds `held`. */
async function verified(stored: readonly string[], held: readonly string[]) {
  const time = { now: 0 };
  let asked = 0;
  let [turnedAt, longestSlice, isOver] = [0, 0, false];
  const turn = (): void => {
    longestSlice = Math.max(longestSlice, time.now - turnedAt);
    turnedAt = time.now;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  const source = {
    recordsAt: async () => {
      asked += 1;
      return {
        ...{ index: logIndex(9), term: term(1), time: logTime(1) },
        records: held.map(record).values(),
      };
    },
  };
  const ports = { database: tableOf(stored), source, clock: { monotonic: () => time.now } };
  const report = await verifyVersion(ports, slowVersion(time));
  isOver = true;
  return { report, asked, longestSlice: Math.max(longestSlice, time.now - turnedAt) };
}

describe('a verification', () => {
  it('lets the event loop turn every few milliseconds, with however many records', async () => {
    const { report, longestSlice } = await verified(ids(3_000), ids(3_000));
    expect(report.partitions).toMatchObject([{ partition: partitionId(1), rows: 3_000 }]);
    expect(report.equal).toBe(true);
    expect(longestSlice).toBeLessThanOrEqual(10);
  });

  it('goes through the records once where the digests agree', async () => {
    expect(await verified(ids(10), ids(10))).toMatchObject({ asked: 1, report: { equal: true } });
  });

  it('goes through them again where they differ, in slices too, and names the keys', async () => {
    const { report, asked, longestSlice } = await verified(
      [...ids(900), 'ghost'],
      [...ids(900), 'lost'],
    );
    expect(report.differences).toMatchObject([
      { key: ['ghost'], difference: 'unexpected' },
      { key: ['lost'], difference: 'missing' },
    ]);
    expect(asked).toBe(2);
    expect(longestSlice).toBeLessThanOrEqual(10);
  });
});
