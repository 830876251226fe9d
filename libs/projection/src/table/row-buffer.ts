import type { PartitionId } from '@metad/foundation';
import type { VersionedTable } from '../processor/projection-version.js';
import { keyOf, type Row } from './table-shape.js';

/** The last write of one key in a batch; no row means that the key goes. */
interface Write {
  readonly partition: PartitionId;
  readonly key: Row;
  readonly row: Row | null;
}

export interface PartitionedRow {
  readonly partition: PartitionId;
  readonly row: Row;
}

/** What one batch does to one table. */
export class RowBuffer {
  private readonly writes = new Map<string, Write>();
  private lines = '';
  private added = 0;

  constructor(readonly table: VersionedTable) {}

  get size(): number {
    return this.writes.size + this.added;
  }

  put(partition: PartitionId, row: Row): void {
    this.writes.set(keyOf(this.table.shape, row), { partition, key: row, row });
  }

  remove(partition: PartitionId, row: Row): void {
    this.writes.set(keyOf(this.table.shape, row), { partition, key: row, row: null });
  }

  /** `text` is the row's `rowText`. */
  append(partition: PartitionId, text: string): void {
    this.lines += `${text}\t${partition}\n`;
    this.added += 1;
  }

  /** Appended rows with their partitions, a line each; empty when there are none. */
  appended(): string {
    return this.lines;
  }

  /** Rows to insert, or to write over those of the same key. */
  upserts(): readonly PartitionedRow[] {
    const rows: PartitionedRow[] = [];
    for (const { partition, row } of this.writes.values()) if (row) rows.push({ partition, row });
    return rows;
  }

  /** Rows whose keys are to be deleted, if they are there. */
  deletes(): readonly PartitionedRow[] {
    const rows: PartitionedRow[] = [];
    for (const write of this.writes.values()) {
      if (!write.row) rows.push({ partition: write.partition, row: write.key });
    }
    return rows;
  }
}
