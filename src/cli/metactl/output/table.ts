import Table from 'cli-table3';

/** One column: its heading and what it shows of a row. */
export interface Column {
  readonly title: string;
  readonly of: (row: Readonly<Record<string, unknown>>) => unknown;
  readonly align?: 'right';
}

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

/** Rows under headings, within `width` columns of text: the widest columns give way, with `…`. */
export function renderTable(
  rows: readonly Readonly<Record<string, unknown>>[],
  columns: readonly Column[],
  width: number,
): string {
  const cells = rows.map((row) => columns.map((column) => cellText(column.of(row))));
  const widths = columns.map((column, at) =>
    Math.max(column.title.length, ...cells.map((line) => line[at]?.length ?? 0)),
  );
  shrink(widths, width);
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

/** Takes from the widest column, again and again, until all fit or none can give. */
function shrink(widths: number[], width: number): void {
  const total = (): number => widths.reduce((sum, each) => sum + each + gap, -gap);
  for (let over = total() - width; over > 0; over -= 1) {
    const widest = widths.indexOf(Math.max(...widths));
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
