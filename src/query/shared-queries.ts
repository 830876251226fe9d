import { MetadError, parsePosition } from '@metad/contract';
import { z } from 'zod';
import { KIND_QUERIES } from '../kinds/read-side.js';
import { nameParam } from './definition/filters.js';
import {
  listQuery,
  rowQuery,
  type Bind,
  type Item,
  type QueryDefinition,
} from './definition/query-definition.js';
import type { SqlRow } from './query-ports.js';
import { isoTime, present } from './definition/record-columns.js';

const kindNames = KIND_QUERIES.map(({ kind }) => kind) as [string, ...string[]];
const kindParam = z.enum(kindNames);

/** What an `integer` column of PostgreSQL can be compared with. */
const integerMax = 2 ** 31 - 1;

/** ISO 8601 time, or a position. */
const momentParam = z.string().refine(isMoment, 'must be an ISO 8601 time or a position');

function isMoment(text: string): boolean {
  if (!text.startsWith('m1.')) return /^\d{4}-/.test(text) && !Number.isNaN(Date.parse(text));
  try {
    const [part, ...others] = parsePosition(text);
    return part !== undefined && part.partition <= integerMax && others.length === 0;
  } catch {
    return false;
  }
}

/** `column <= moment` in log time, or in the log of the position's partition. */
const moment =
  (comparison: '<=' | '>=') =>
  (text: string, bind: Bind): string => {
    if (!text.startsWith('m1.')) return `valid_from ${comparison} ${bind(new Date(text))}`;
    const [part] = parsePosition(text);
    return `(partition = ${bind(part?.partition)} AND
      valid_from_index ${comparison} ${bind(part?.index)})`;
  };

/**
 * The id that clients use, or the whole key (`acme/db-1`), which names one record for certain. A
 * key ends in its id: both possible ids are looked up in the index.
 */
const recordNamed = (id: string, bind: Bind): string => {
  const text = bind(id);
  const slash = id.indexOf('/');
  if (slash < 0) return `record_id = ${text}`;
  const ids = `record_id IN (${text}, ${bind(id.slice(slash + 1))})`;
  return `${ids} AND (record_id = ${text} OR record_key = ${text})`;
};

const kindIs = (kind: string, bind: Bind): string => `kind = ${bind(kind)}`;

const historyColumns = `kind, namespace, record_id, record_key, partition, valid_from_index, step,
  valid_from, valid_to_index, valid_to, type, version, fence, created_at, data, record, command,
  command_id, actor, reason`;

function recordItem(row: SqlRow): Item | null {
  const { kind, namespace, record_id: id, record } = row;
  if (record === null) return null;
  return {
    ...{ kind, namespace, id, ...(record as Item), version: Number(row['version']) },
    ...present('fence', row['fence'], Number),
    ...{ createdAt: isoTime(row['created_at']), updatedAt: isoTime(row['valid_from']) },
  };
}

const historyItem = (row: SqlRow): Item => ({
  ...{ kind: row['kind'], namespace: row['namespace'], id: row['record_id'] },
  ...{ key: row['record_key'], type: row['type'], data: row['data'], record: recordItem(row) },
  ...{ partition: row['partition'], index: Number(row['valid_from_index']) },
  ...{
    validFrom: isoTime(row['valid_from']),
    validTo: row['valid_to'] && isoTime(row['valid_to']),
  },
  ...present('command', row['command']),
  ...present('commandId', row['command_id']),
  ...present('actor', row['actor']),
  ...present('reason', row['reason']),
});

const getHistory = listQuery({
  name: 'GetHistory',
  params: z.strictObject({
    kind: kindParam,
    id: nameParam,
    from: momentParam.optional(),
    to: momentParam.optional(),
  }),
  projection: 'history',
  from: 'history',
  columns: historyColumns,
  order: ['namespace', 'record_key', 'partition', 'valid_from_index', 'step'],
  integers: {
    ...{ partition: integerMax, step: integerMax },
    valid_from_index: Number.MAX_SAFE_INTEGER,
  },
  filters: { kind: kindIs, id: recordNamed, from: moment('>='), to: moment('<=') },
  moments: ['from', 'to'],
  toItem: historyItem,
});

const getAsOf = rowQuery({
  name: 'GetAsOf',
  params: z.strictObject({ kind: kindParam, id: nameParam, at: momentParam }),
  projection: 'history',
  from: 'history',
  columns: historyColumns,
  order: ['valid_from DESC', 'valid_from_index DESC', 'step DESC'],
  filters: { kind: kindIs, id: recordNamed, at: moment('<=') },
  moments: ['at'],
  toItem: (row) => recordItem(row) as Item,
});

const countBy = listQuery({
  name: 'CountBy',
  params: z
    .strictObject({ kind: kindParam, field: nameParam })
    .superRefine(({ kind, field }, c) => {
      const known = Object.keys(countedOf(kind)?.fields ?? {});
      if (known.includes(field)) return;
      const message = `is not counted for ${kind}; known: ${known.join(', ')}`;
      c.addIssue({ code: 'custom', path: ['field'], message });
    }),
  projection: (params) => countedOf(params.kind)?.view ?? '',
  from: ({ kind, field }) => {
    const counted = countedOf(kind);
    const column = counted?.fields[field];
    if (!counted || !column) throw new MetadError('INVALID_ARGUMENT', 'field is not counted');
    return `(SELECT namespace, coalesce(${column}, '') AS value, count(*)::integer AS count
      FROM ${counted.view} GROUP BY namespace, ${column}) c`;
  },
  columns: 'namespace, value, count',
  order: ['namespace', 'value'],
  filters: { kind: () => '', field: () => '' },
  toItem: ({ namespace, value, count }) => ({
    namespace,
    value: value === '' ? null : value,
    count,
  }),
});

const countedOf = (kind: string) => KIND_QUERIES.find((found) => found.kind === kind)?.counted;

const getCommandOutcome: QueryDefinition = {
  mode: 'outcome',
  name: 'GetCommandOutcome',
  params: z.strictObject({ commandId: z.uuid(), key: nameParam }),
};

/** `after` may be left out where a `cursor` says where to go on; the filter is a watch's. */
export const catchupParams = z.strictObject({
  after: z.string().optional(),
  filter: z.unknown().optional().meta({ type: 'object' }),
});

const catchup: QueryDefinition = { mode: 'events', name: 'Catchup', params: catchupParams };

export const SHARED_QUERIES: readonly QueryDefinition[] = [
  getHistory,
  getAsOf,
  countBy,
  getCommandOutcome,
  catchup,
];
