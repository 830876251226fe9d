/**
 * A kind's rules written a second time, as plainly as possible: mutable, no events, no shared code.
 * The property tests run it beside the machine and compare every answer and every record.
 */
export interface KindModel {
  /**
   * Carries out one command. Called only when `expect` holds. Returns what the client must see:
   * `applied`, `noop`, or the code of the error.
   */
  apply(command: string, data: Fields, at: ModelMoment): string;
  /** What happens to a record whose time to live is over. */
  expire?(record: ModelRecord, at: ModelMoment): void;
  /** `<kind>:<key>` → the record. */
  readonly records: Map<string, ModelRecord>;
  /** The record that a command is about; null for a command about many. */
  keyOf(command: string, data: Fields): string | null;
}

/** A command's data; ids are text. */
export type Fields = Readonly<Record<string, unknown>>;

export const textOf = (data: Fields, name: string): string => data[name] as string;

export interface ModelMoment {
  readonly time: number;
  readonly index: number;
  readonly expect: Readonly<Record<string, unknown>> | null;
}

export interface ModelRecord {
  value: Record<string, unknown>;
  version: number;
  fence: number | null;
  /** Log time from which the time to live counts. */
  since: number;
  /** Null when there is none. */
  ttlMs: number | null;
}

export const isOver = ({ since, ttlMs }: ModelRecord, time: number): boolean =>
  ttlMs !== null && since + ttlMs <= time;

/** Without the fields that are undefined. */
export const defined = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** Equal whatever the order of properties. */
export const isSame = (left: unknown, right: unknown): boolean => sorted(left) === sorted(right);

function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, part]) => `${name}:${sorted(part)}`).join()}}`;
}
