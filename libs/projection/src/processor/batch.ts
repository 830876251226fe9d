import type { AppliedEntry, RecordChange, StoredRecord } from '@metad/eventsourcing';
import type { Checkpoint, CheckpointMove, Cursor } from '../checkpoint/checkpoint.js';
import type { RowSink } from '../handler/projection-handler.js';
import type { ProjectionVersion, VersionedTable } from './projection-version.js';
import { RowBuffer } from '../table/row-buffer.js';
import { keyOf, rowText, type Row, type TableShape } from '../table/table-shape.js';

/** A change that waits for an operator instead of being projected. */
export interface DeadLetter {
  readonly projection: string;
  readonly version: number;
  readonly entry: AppliedEntry;
  readonly change: RecordChange;
  readonly reason: string;
}

/**
 * What one transaction writes: rows of many projections and partitions, dead letters, and every
 * checkpoint that moved. Cursors move as changes are folded in, so a batch that is given up must be
 * followed by reading the checkpoints again.
 */
export class Batch {
  private readonly starts = new Map<Cursor, Checkpoint>();
  private readonly buffers = new Map<VersionedTable, RowBuffer>();
  private readonly letters: DeadLetter[] = [];
  private readonly sink = new BatchSink(this);
  /** Changes folded in, over all projections: what the batch is bounded by. */
  changes = 0;
  /** Entries, counted once per partition however many projections took them. */
  entries = 0;

  /** The entries themselves, when somebody wants them after the batch is written; else empty. */
  readonly collected: AppliedEntry[] = [];

  constructor(private readonly collects = false) {}

  count(entry: AppliedEntry): void {
    this.entries += 1;
    if (this.collects) this.collected.push(entry);
  }

  get isEmpty(): boolean {
    return this.starts.size === 0;
  }

  /** Moves a cursor onto `entry`, remembering where it stood before the batch. */
  move(cursor: Cursor, entry: AppliedEntry): void {
    this.touch(cursor);
    cursor.index = entry.index;
    cursor.term = entry.term;
    cursor.time = entry.time;
  }

  /** Remembers a cursor's start before its digest moves. */
  touch(cursor: Cursor): void {
    if (!this.starts.has(cursor)) this.starts.set(cursor, cursor.checkpoint());
  }

  /** Lets the handler fold one change. Throws what the handler throws: then give the batch up. */
  fold(
    version: ProjectionVersion,
    cursor: Cursor,
    change: RecordChange,
    entry: AppliedEntry,
  ): void {
    this.touch(cursor);
    this.changes += 1;
    version.definition.handler.handle(change, entry, this.sink.of(version, cursor));
  }

  /** Adds the rows of a record that begins with the tables: a rebuild from a snapshot. */
  load(version: ProjectionVersion, cursor: Cursor, record: StoredRecord): void {
    const { handler } = version.definition;
    this.touch(cursor);
    this.changes += 1;
    const sink = this.sink.of(version, cursor);
    if (handler.rowsOf) {
      for (const { table, rows } of handler.rowsOf(record)) sink.replace(table, [], rows);
    } else {
      handler.beginWith?.(record, sink);
    }
  }

  /** Leaves the checkpoints' moves and writes no row: an operator gave the changes up. */
  forgetRows(): void {
    this.buffers.clear();
  }

  park(letter: DeadLetter): void {
    this.changes += 1;
    this.letters.push(letter);
  }

  bufferOf(table: VersionedTable): RowBuffer {
    let buffer = this.buffers.get(table);
    if (!buffer) {
      buffer = new RowBuffer(table);
      this.buffers.set(table, buffer);
    }
    return buffer;
  }

  /** Taken once, when the batch is full: what the cursors reach in later batches is not part. */
  moves(): readonly CheckpointMove[] {
    return [...this.starts].map(([cursor, from]) => ({ cursor, from, to: cursor.checkpoint() }));
  }

  tables(): readonly RowBuffer[] {
    return [...this.buffers.values()].filter((buffer) => buffer.size > 0);
  }

  deadLetters(): readonly DeadLetter[] {
    return this.letters;
  }
}

/** The sink handed to handlers; one object per batch, pointed at the change being folded. */
class BatchSink implements RowSink {
  private version: ProjectionVersion | null = null;
  private cursor: Cursor | null = null;

  constructor(private readonly batch: Batch) {}

  of(version: ProjectionVersion, cursor: Cursor): this {
    this.version = version;
    this.cursor = cursor;
    return this;
  }

  replace(shape: TableShape, before: readonly Row[], after: readonly Row[]): void {
    const [table, cursor] = this.target(shape);
    const buffer = this.batch.bufferOf(table);
    if (before.length <= 1 && after.length <= 1) {
      this.replaceOne(buffer, cursor, before[0], after[0]);
    } else {
      this.replaceMany(buffer, cursor, before, after);
    }
  }

  /** The usual case, one record in one row. */
  private replaceOne(buffer: RowBuffer, cursor: Cursor, before?: Row, after?: Row): void {
    const { seed, shape, recent } = buffer.table;
    if (before) {
      cursor.digest.subtract(seed, before, recent);
      if (!after || keyOf(shape, before) !== keyOf(shape, after)) {
        buffer.remove(cursor.partition, before);
      }
    }
    if (after) {
      cursor.digest.addRemembering(seed, after, recent);
      buffer.put(cursor.partition, after);
    }
  }

  /** A record in many rows: those that stay as they are cost no write. */
  private replaceMany(
    buffer: RowBuffer,
    cursor: Cursor,
    before: readonly Row[],
    after: readonly Row[],
  ): void {
    const { seed, shape } = buffer.table;
    const old = new Map(before.map((row) => [keyOf(shape, row), row]));
    for (const row of after) {
      const key = keyOf(shape, row);
      const was = old.get(key);
      old.delete(key);
      if (was && isSameRow(was, row)) continue;
      if (was) cursor.digest.subtract(seed, was);
      cursor.digest.add(seed, row);
      buffer.put(cursor.partition, row);
    }
    for (const row of old.values()) {
      cursor.digest.subtract(seed, row);
      buffer.remove(cursor.partition, row);
    }
  }

  append(shape: TableShape, row: Row): void {
    const [table, cursor] = this.target(shape);
    const text = rowText(row);
    cursor.digest.addText(table.seed, text);
    this.batch.bufferOf(table).append(cursor.partition, text);
  }

  private target(shape: TableShape): [VersionedTable, Cursor] {
    const { version, cursor } = this;
    if (!version || !cursor) throw new TypeError('a sink is used only while its handler runs');
    return [version.tableOf(shape), cursor];
  }
}

const isSameRow = (one: Row, other: Row): boolean =>
  one.length === other.length && one.every((cell, at) => cell === other[at]);
