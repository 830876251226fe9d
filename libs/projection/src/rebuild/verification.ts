import type { StoredRecord } from '@metad/eventsourcing';
import type { Clock, LogIndex, LogTime, PartitionId, Term } from '@metad/foundation';
import type { Cursor } from '../checkpoint/checkpoint.js';
import { loadCursors } from '../checkpoint/checkpoint-store.js';
import type { SqlDatabase, SqlSession } from '../postgres/sql-database.js';
import { ProjectionVersion, type VersionedTable } from '../processor/projection-version.js';
import { Slices } from '../processor/slices.js';
import { RowDigest, rowHash } from '../table/row-digest.js';
import { keyOf, type Row } from '../table/table-shape.js';
import { digestRows, scanRows } from './row-scan.js';

/** The state of one partition at one index, from a state machine. */
export interface RecordsAt {
  readonly index: LogIndex;
  readonly term: Term;
  readonly time: LogTime;
  /** To be gone through once, with turns of the event loop in between if it takes long. */
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

export interface VerificationPorts {
  readonly database: SqlDatabase;
  readonly source: RecordSource;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/**
 * Proves a version: reads its rows in one frozen view of the database, digests them, and compares
 * with the digest kept beside the checkpoint and with the state machine at the same index. Where
 * they differ, the keys are named: the records are then gone through a second time, so that a
 * version that is sound costs no hash and no memory per key.
 */
export async function verifyVersion(
  { database, source, clock }: VerificationPorts,
  version: ProjectionVersion,
): Promise<VerificationReport> {
  return database.transaction(
    async (session) => {
      const slices = new Slices(clock);
      const cursors = await frozenCursors(session, version);
      const found = await digestRows(session, version.tables, slices);
      const partitions: PartitionFinding[] = [];
      const differences: KeyDifference[] = [];
      for (const cursor of cursors) {
        const rows = found.get(cursor.partition) ?? new RowDigest();
        const machine = await machineDigest(version, cursor, source, slices);
        const finding = judge(cursor, rows, machine);
        partitions.push(finding);
        if (finding.equal || !machine) continue;
        const expected = await expectedHashes(version, cursor, source, slices);
        const scan = { session, version, partition: cursor.partition, slices };
        differences.push(...(await differingKeys(scan, expected)));
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

/** Of the rows that the state machine's records make; null when rows tell of the past. */
async function machineDigest(
  version: ProjectionVersion,
  cursor: Cursor,
  source: RecordSource,
  slices: Slices,
): Promise<RowDigest | null> {
  if (!version.definition.handler.rowsOf) return null;
  const digest = new RowDigest();
  await eachExpectedRow(version, cursor, source, slices, (table, row) =>
    digest.add(table.seed, row),
  );
  return digest;
}

/** Hash by key, per table. */
type ExpectedHashes = ReadonlyMap<VersionedTable, Map<string, string>>;

async function expectedHashes(
  version: ProjectionVersion,
  cursor: Cursor,
  source: RecordSource,
  slices: Slices,
): Promise<ExpectedHashes> {
  const hashes = new Map(version.tables.map((table) => [table, new Map<string, string>()]));
  await eachExpectedRow(version, cursor, source, slices, (table, row) => {
    hashes.get(table)?.set(keyOf(table.shape, row), rowHash(table.seed, row));
  });
  return hashes;
}

/** A partition may hold some hundred thousand records: the loop turns between them. */
async function eachExpectedRow(
  version: ProjectionVersion,
  cursor: Cursor,
  source: RecordSource,
  slices: Slices,
  visit: (table: VersionedTable, row: Row) => void,
): Promise<void> {
  const { handler } = version.definition;
  const { records } = await source.recordsAt(cursor.partition, cursor.index);
  for (const record of records) {
    for (const { table: shape, rows } of handler.rowsOf?.(record) ?? []) {
      const table = version.tableOf(shape);
      for (const row of rows) visit(table, row);
    }
    if (slices.isOver) await slices.next();
  }
}

interface PartitionScan {
  readonly session: SqlSession;
  readonly version: ProjectionVersion;
  readonly partition: PartitionId;
  readonly slices: Slices;
}

/** Takes the keys that were found out of `expected`: what is left there is missing. */
async function differingKeys(
  { session, version, partition, slices }: PartitionScan,
  expected: ExpectedHashes,
): Promise<readonly KeyDifference[]> {
  const differences: KeyDifference[] = [];
  for (const table of version.tables) {
    const missing = expected.get(table) ?? new Map<string, string>();
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
        if (slices.isOver) await slices.next();
      }
    }
    for (const key of missing.keys()) {
      if (differences.length >= differencesMax) break;
      differ(key, 'missing');
    }
  }
  return differences;
}
