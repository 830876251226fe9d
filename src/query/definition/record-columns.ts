import type { SqlRow } from '../query-ports.js';

/** The columns that every table of whole records has, as `recordFields` reads them. */
export const RECORD_COLUMNS_SQL = 'version, fence, created_at, updated_at';

/** Fields that clients see on every record, as in replies made from memory. */
export const recordFields = (row: SqlRow): Record<string, unknown> => ({
  version: Number(row['version']),
  ...present('fence', row['fence'], Number),
  createdAt: isoTime(row['created_at']),
  updatedAt: isoTime(row['updated_at']),
});

/** `{[name]: value}`, or nothing when the column is null: absent fields stay absent. */
export const present = (
  name: string,
  value: unknown,
  as: (value: unknown) => unknown = (same) => same,
): Record<string, unknown> => (value === null || value === undefined ? {} : { [name]: as(value) });

export const isoTime = (value: unknown): string => new Date(value as Date).toISOString();
