import { ALL_NAMESPACES, MetadError } from '@metad/contract';
import type { RecordChange, StoredRecord } from '@metad/eventsourcing';
import type { WatchedRecords } from './watch-ports.js';

/**
 * What a watch wants to see. `kind` and `id` are the record's; any other field is compared with
 * the field of that name in the record's value, and `label` (`name=value`, or a bare name) with
 * its labels. A change passes when the record before it or after it does, so that a watcher of a
 * node also sees what leaves that node.
 */
export interface WatchFilter {
  /** Null spans all namespaces. */
  readonly namespace: string | null;
  readonly kind: string | null;
  readonly id: string | null;
  readonly fields: readonly FieldMatch[];
  /** Equal for equal filters, whatever the order of their fields. */
  readonly key: string;
}

interface FieldMatch {
  readonly name: string;
  readonly value: string | number | boolean;
}

const fieldsMax = 16;
const textMax = 1_024;

/** Throws INVALID_ARGUMENT naming the field. */
export function parseFilter(namespace: string, filter: unknown): WatchFilter {
  if (filter === undefined) return toFilter(namespace, new Map());
  if (typeof filter !== 'object' || filter === null || Array.isArray(filter)) {
    throw fault('filter', 'must be an object');
  }
  const given = Object.entries(filter);
  if (given.length > fieldsMax) throw fault('filter', `must not exceed ${fieldsMax} fields`);
  const fields = new Map<string, FieldMatch['value']>();
  for (const [name, value] of given) {
    if (name === '' || name.length > 64) throw fault('filter', 'has a field without a usable name');
    fields.set(name, checkedValue(name, value));
  }
  return toFilter(namespace, fields);
}

function checkedValue(name: string, value: unknown): FieldMatch['value'] {
  const textOnly = name === 'kind' || name === 'id' || name === 'label';
  if (typeof value === 'string') {
    if (value.length <= textMax) return value;
    throw fault(`filter.${name}`, `must not exceed ${textMax} characters`);
  }
  if (!textOnly && (typeof value === 'number' || typeof value === 'boolean')) return value;
  throw fault(`filter.${name}`, textOnly ? 'must be text' : 'must be text, a number or a boolean');
}

function toFilter(namespace: string, given: ReadonlyMap<string, FieldMatch['value']>): WatchFilter {
  const sorted = [...given].sort(([a], [b]) => (a < b ? -1 : 1));
  const textOf = (name: string): string | null => {
    const value = given.get(name);
    return typeof value === 'string' ? value : null;
  };
  return {
    namespace: namespace === ALL_NAMESPACES ? null : namespace,
    kind: textOf('kind'),
    id: textOf('id'),
    fields: sorted
      .filter(([name]) => name !== 'kind' && name !== 'id')
      .map(([name, value]) => ({ name, value })),
    key: JSON.stringify([namespace, sorted]),
  };
}

/** Whether a change passes the whole filter. */
export function changePasses(
  filter: WatchFilter,
  change: RecordChange,
  records: Pick<WatchedRecords, 'idOf'>,
): boolean {
  const { namespace, kind, key } = change;
  if (filter.namespace !== null && filter.namespace !== namespace) return false;
  if (filter.kind !== null && filter.kind !== kind) return false;
  if (filter.id !== null && filter.id !== records.idOf(kind, key)) return false;
  return passesFields(filter, change);
}

/** Namespace, kind and id have been compared already. */
export function passesFields(filter: WatchFilter, change: RecordChange): boolean {
  if (filter.fields.length === 0) return true;
  return recordPasses(filter, change.after) || recordPasses(filter, change.before);
}

export function recordPasses(filter: WatchFilter, record: StoredRecord | null): boolean {
  if (record === null) return false;
  return filter.fields.every(({ name, value }) =>
    name === 'label' ? hasLabel(record, String(value)) : record.value[name] === value,
  );
}

function hasLabel(record: StoredRecord, wanted: string): boolean {
  const labels = record.value['labels'];
  if (typeof labels !== 'object' || labels === null) return false;
  const split = wanted.indexOf('=');
  const name = split < 0 ? wanted : wanted.slice(0, split);
  if (!Object.hasOwn(labels, name)) return false;
  return split < 0 || (labels as Record<string, unknown>)[name] === wanted.slice(split + 1);
}

const fault = (field: string, reason: string): MetadError =>
  new MetadError('INVALID_ARGUMENT', `${field} ${reason}`, { faults: [{ field, reason }] });
