import { UsageError } from '../../exit-code.js';
import type { ImportCommand } from '../../import/import-line.js';
import { cellText } from '../../output/table.js';
import type { KindView } from '../read/kinds.js';

type Item = Readonly<Record<string, unknown>>;

/** The command that makes a record again, and the fields of the record that are its data. */
const MAKERS: Readonly<Record<string, { command: string; fields: readonly string[] }>> = {
  tenant: { command: 'PlaceTenant', fields: ['tenantId', 'cell', 'node', 'tier', 'labels'] },
  resource: {
    command: 'AssignResource',
    fields: ['tenantId', 'resourceId', 'node', 'kind', 'labels'],
  },
  instance: {
    command: 'RegisterInstance',
    fields: ['service', 'instanceId', 'address', 'port', 'zone', 'tags', 'metadata', 'ttlMs'],
  },
};

/** In the order in which an import must meet them. */
export const EXPORTED_KINDS = Object.keys(MAKERS);

/**
 * A line for `metactl import`. Ownership and history are not carried over: they are the source's.
 */
export function importLine(view: KindView, item: Item, namespace: string): ImportCommand {
  const maker = MAKERS[view.kind];
  if (maker === undefined) throw new UsageError(`${view.kind} cannot be exported as commands`);
  const given = maker.fields.filter(
    (name) => !isEmpty(item[name]) && !isDefaultKind(view, name, item),
  );
  const data = Object.fromEntries(given.map((name) => [name, item[name]]));
  const own = item['namespace'];
  return { namespace: typeof own === 'string' ? own : namespace, command: maker.command, data };
}

/** A record that has no kind of its own shows the name of its kind of record instead. */
function isDefaultKind(view: KindView, name: string, item: Item): boolean {
  return name === 'kind' && item['kind'] === view.kind;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

export function csvHeader(view: KindView): string {
  return `${view.columns.map((column) => column.title).join(',')}\n`;
}

export function csvLine(view: KindView, item: Item): string {
  const cells = view.columns.map((column) => {
    const value = column.of(item);
    return value === undefined || value === null ? '' : quoted(cellText(value));
  });
  return `${cells.join(',')}\n`;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
