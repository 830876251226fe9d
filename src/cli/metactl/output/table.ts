import Table from 'cli-table3';

/** One column: its heading and what it shows of a row. */
export interface Column {
  readonly title: string;
  readonly of: (row: Readonly<Record<string, unknown>>) => unknown;
  readonly align?: 'right';
  /** The first to be cut when the terminal is narrow. */
  readonly yields?: true;
}

/** For what is long and can be had in full with `--output json`. */
export const yielding = (column: Column): Column => ({ ...column, yields: true });

/** A column that shows a field of the row; numbers stand right. */
export function field(title: string, name = title, align?: 'right'): Column {
  const of = (row: Readonly<Record<string, unknown>>): unknown => row[name];
  return align === undefined ? { title, of } : { title, of, align };
}

const NO_LINES = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'mid']
    .concat(['bottom-right', 'left', 'left-mid', 'mid-mid', 'right', 'right-mid', 'middle'])
    .map((name) => [name, name === 'middle' ? '  ' : '']),
);
const gap = 2;
const columnCharsMin = 6;

/**
 * Rows under headings, within `width` columns of text: what holds nothing is left out, then
 * columns that yield are cut, then the widest, with `…`.
 */
export function renderTable(
  rows: readonly Readonly<Record<string, unknown>>[],
  all: readonly Column[],
  width: number,
): string {
  const columns = fitting(rows, all, width);
  const cells = rows.map((row) => columns.map((column) => cellText(column.of(row))));
  const widths = widthsOf(rows, columns);
  shrink(widths, width, (at) => columns[at]?.yields === true);
  shrink(widths, width, () => true);
  const table = new Table({
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    head: columns.map((column) => column.title.toUpperCase()),
    colAligns: columns.map((column) => column.align ?? 'left'),
    colWidths: widths,
    truncate: '…',
  });
  table.push(...cells);
  const lines = table.toString().split('\n');
  return lines.map((line) => line.trimEnd()).join('\n');
}

type Rows = readonly Readonly<Record<string, unknown>>[];

/** All columns where they fit; else those that hold something in some row. */
function fitting(rows: Rows, columns: readonly Column[], width: number): readonly Column[] {
  if (totalOf(widthsOf(rows, columns)) <= width) return columns;
  return columns.filter((column) => rows.some((row) => cellText(column.of(row)) !== '-'));
}

const widthsOf = (rows: Rows, columns: readonly Column[]): number[] =>
  columns.map(({ title, of }) =>
    Math.max(title.length, ...rows.map((row) => cellText(of(row)).length)),
  );

const totalOf = (widths: readonly number[]): number =>
  widths.reduce((sum, each) => sum + each + gap, -gap);

/** Takes from the widest of some columns, again and again, until all fit or none can give. */
function shrink(widths: number[], width: number, gives: (at: number) => boolean): void {
  const open = widths.map((_, at) => at).filter(gives);
  for (let over = totalOf(widths) - width; over > 0; over -= 1) {
    const [widest = -1] = open.sort((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0));
    const now = widths[widest] ?? 0;
    if (now <= columnCharsMin) return;
    widths[widest] = now - 1;
  }
}

export function cellText(value: unknown): string {
  if (value === undefined || value === null) return '-';
  if (typeof value === 'string') return value.replace(/[\u0000-\u001f\u007f]/g, ' ');
  if (Array.isArray(value) && value.every((each) => typeof each !== 'object')) {
    return value.length === 0 ? '-' : value.join(',');
  }
  if (typeof value === 'object') {
    const entries = Object.entries(value);
    if (entries.every(([, each]) => typeof each !== 'object' || each === null)) {
      return entries.map(([key, each]) => `${key}=${String(each ?? '-')}`).join(',') || '-';
    }
    return JSON.stringify(value);
  }
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '-';
}
