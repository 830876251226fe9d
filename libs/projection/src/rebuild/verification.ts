import type { StoredRecord } from '@metad/eventsourcing';
import type { LogIndex, LogTime, PartitionId, Term } from '@metad/foundation';
import type { Cursor } from '../checkpoint/checkpoint.js';
import { loadCursors } from '../checkpoint/checkpoint-store.js';
import type { SqlDatabase, SqlSession } from '../postgres/sql-database.js';
import { ProjectionVersion, type VersionedTable } from '../processor/projection-version.js';
import { RowDigest, rowHash } from '../table/row-digest.js';
import { keyOf } from '../table/table-shape.js';
import { digestRows, scanRows } from './row-scan.js';

/** The state of one partition at one index, from a state machine. */
export interface RecordsAt {
  readonly index: LogIndex;
  readonly term: Term;
  readonly time: LogTime;
  /** Valid until the next call to the source. */
  readonly records: Iterable<StoredRecord>;
}

/** Where verification gets the state machine's side from. */
export interface RecordSource {
  recordsAt(partition: PartitionId, index: LogIndex): Promise<RecordsAt>;
}

/** One partition: three digests of the same rows at the same index, which must be equal. */
export interface PartitionFinding {
  readonly partition: PartitionId;
  readonly index: LogIndex;
  readonly rows: number;
  /** Kept batch by batch, beside the checkpoint. */
  readonly kept: string;
  /** Of the rows that are there. */
  readonly found: string;
  /** Of the rows that the state machine's records make; null when rows tell of the past. */
  readonly machine: string | null;
  readonly equal: boolean;
}

export interface KeyDifference {
  readonly table: string;
  readonly partition: PartitionId;
  readonly key: readonly string[];
  readonly difference: 'missing' | 'unexpected' | 'changed';
}

export interface VerificationReport {
  readonly projection: string;
  readonly version: number;
  readonly equal: boolean;
  readonly partitions: readonly PartitionFinding[];
  /** The first `differencesMax` keys that differ from the state machine. */
  readonly differences: readonly KeyDifference[];
}

const differencesMax = 100;

/**
 * Proves a version: reads its rows in one frozen view of the database, digests them, and compares
 * with the digest kept beside the checkpoint and with the state machine at the same index. Where
 * they differ, the keys are named.
 */
export async function verifyVersion(
  database: SqlDatabase,
  version: ProjectionVersion,
  source: RecordSource,
): Promise<VerificationReport> {
  return database.transaction(
    async (session) => {
      const cursors = await frozenCursors(session, version);
      const found = await digestRows(session, version.tables);
      const partitions: PartitionFinding[] = [];
      const differences: KeyDifference[] = [];
      for (const cursor of cursors) {
        const rows = found.get(cursor.partition) ?? new RowDigest();
        const expected = await expectedRows(version, cursor, source);
        const finding = judge(cursor, rows, expected?.digest ?? null);
        partitions.push(finding);
        if (finding.equal || !expected) continue;
        differences.push(...(await differingKeys(session, version, cursor.partition, expected)));
      }
      const { name } = version;
      const equal = partitions.every((finding) => finding.equal);
      return {
        ...{ projection: name, version: version.version, equal, partitions },
        differences: differences.slice(0, differencesMax),
      };
    },
    { frozen: true },
  );
}

/** The checkpoints as of the frozen view; the version's own cursors are not touched. */
async function frozenCursors(
  session: SqlSession,
  version: ProjectionVersion,
): Promise<readonly Cursor[]> {
  const frozen = new ProjectionVersion(version.definition, version.version);
  await loadCursors(session, frozen, [], '');
  return [...frozen.cursors.values()];
}

function judge(cursor: Cursor, found: RowDigest, machine: RowDigest | null): PartitionFinding {
  const { partition, index, digest } = cursor;
  return {
    ...{ partition, index, rows: found.rows, kept: digest.toString() },
    found: found.toString(),
    machine: machine?.toString() ?? null,
    equal: digest.equals(found) && (machine === null || machine.equals(found)),
  };
}

interface ExpectedRows {
  readonly digest: RowDigest;
  /** Hash by key, per table. */
  readonly hashes: ReadonlyMap<VersionedTable, Map<string, string>>;
}

async function expectedRows(
  version: ProjectionVersion,
  cursor: Cursor,
  source: RecordSource,
): Promise<ExpectedRows | null> {
  const { handler } = version.definition;
  if (!handler.rowsOf) return null;
  const { records } = await source.recordsAt(cursor.partition, cursor.index);
  const digest = new RowDigest();
  const hashes = new Map(version.tables.map((table) => [table, new Map<string, string>()]));
  for (const record of records) {
    for (const { table: shape, rows } of handler.rowsOf(record)) {
      const table = version.tableOf(shape);
      for (const row of rows) {
        digest.add(table.seed, row);
        hashes.get(table)?.set(keyOf(shape, row), rowHash(table.seed, row));
      }
    }
  }
  return { digest, hashes };
}

async function differingKeys(
  session: SqlSession,
  version: ProjectionVersion,
  partition: PartitionId,
  expected: ExpectedRows,
): Promise<readonly KeyDifference[]> {
  const differences: KeyDifference[] = [];
  for (const table of version.tables) {
    const missing = new Map(expected.hashes.get(table));
    const differ = (key: string, difference: KeyDifference['difference']): void => {
      if (differences.length >= differencesMax) return;
      differences.push({ table: table.name, partition, key: key.split('\u0000'), difference });
    };
    for await (const rows of scanRows(session, table, partition)) {
      for (const { row } of rows) {
        const key = keyOf(table.shape, row);
        const hash = missing.get(key);
        missing.delete(key);
        if (hash === undefined) differ(key, 'unexpected');
        else if (hash !== rowHash(table.seed, row)) differ(key, 'changed');
      }
    }
    for (const key of missing.keys()) differ(key, 'missing');
  }
  return differences;
}
