import { formatPosition } from '@metad/contract';
import { formatIsoTime, jsonText } from '@metad/eventsourcing';
import type { DomainEvent, StoredRecord } from '@metad/eventsourcing';
import type { KindRegistry } from '../kinds/index.js';
import { replyName, toRecordBody } from './outcome.js';
import type { Accepted, PositionScope } from './outcome.js';

/*
 * What every command makes, as JSON: the answer, the event for watchers, what is remembered for a
 * retry. All three hold the event's data and the record; their texts are put together here from one
 * text of the data (`jsonText`), since to write objects out three times costs more than to decide.
 * The order of properties is free. Names of kinds, namespaces and events need no escapes.
 */

/** JSON of `toRecordBody`. */
export const recordText = (record: StoredRecord, registry: KindRegistry): string =>
  recordParts(record, registry).join('');

/** A text in three parts: what is before the value's fields, they, and what is after. */
export type RecordParts = readonly [string, string, string];

// The record whose text was made last: its event and the answer to its command hold the same.
let lastRecord: StoredRecord | null = null;
let lastRegistry: KindRegistry | null = null;
let lastParts: RecordParts = ['', '', ''];

/** `recordText` in parts, which are remembered for the next call. */
export function recordParts(record: StoredRecord, registry: KindRegistry): RecordParts {
  if (record === lastRecord && registry === lastRegistry) return lastParts;
  lastParts = makeRecordParts(record, registry);
  lastRecord = record;
  lastRegistry = registry;
  return lastParts;
}

function makeRecordParts(record: StoredRecord, registry: KindRegistry): RecordParts {
  const { kind, namespace, key, value, version, fence, createdAt, updatedAt, expiresAt } = record;
  if (hidesMeta(value)) return [JSON.stringify(toRecordBody(record, registry)), '', ''];
  // Where both have a name, the value's is shown.
  const ofKind = 'kind' in value ? '' : `"kind":"${kind}",`;
  const inNamespace = 'namespace' in value ? '' : `"namespace":"${namespace}",`;
  const id = 'id' in value ? '' : `"id":${JSON.stringify(registry.kind(kind)?.idOf(key) ?? key)},`;
  const fields = jsonText(value).slice(1, -1);
  const comma = fields === '' ? '' : ',';
  const fenced = fence === null ? '' : `,"fence":${fence}`;
  const ends = expiresAt === null ? '' : `,"expiresAt":"${formatIsoTime(expiresAt)}"`;
  const [created, updated] = [formatIsoTime(createdAt), formatIsoTime(updatedAt)];
  const times = `,"createdAt":"${created}","updatedAt":"${updated}"`;
  const head = `{${ofKind}${inNamespace}${id}"version":${version}${comma}`;
  return [head, fields, `${fenced}${times}${ends}}`];
}

/** Names that every record has and that are never the value's: see `toRecordBody`. */
const hidesMeta = (value: StoredRecord['value']): boolean =>
  'version' in value ||
  'fence' in value ||
  'createdAt' in value ||
  'updatedAt' in value ||
  'expiresAt' in value;

/** JSON of `toCommandReply`, in parts. */
export function replyParts(
  outcome: Accepted,
  duplicate: boolean,
  { incarnation, partition }: PositionScope,
  registry: KindRegistry,
): string[] {
  const { version, fence, index, events, record, brief } = outcome;
  const name = replyName(outcome, duplicate);
  const fenced = fence === null ? '' : `,"fence":${fence}`;
  const position = formatPosition(incarnation, partition, index);
  const shortened = brief === true ? ',"brief":true' : '';
  const what = `"version":${version}${fenced},"position":"${position}"${shortened}`;
  const parts: string[] = [];
  let next = `{"outcome":"${name}",${what},"events":[`;
  for (const { type, data } of events) {
    parts.push(`${next}{"type":"${type}","data":`, jsonText(data));
    next = '},';
  }
  if (events.length > 0) next = '}';
  if (record === null) {
    parts.push(`${next}],"record":null}`);
    return parts;
  }
  const [head, fields, tail] = recordParts(record, registry);
  parts.push(`${next}],"record":${head}`, fields, `${tail}}`);
  return parts;
}

/** JSON of a list of events. */
export function eventsText(events: readonly DomainEvent[]): string {
  let text = '[';
  for (const { type, data } of events) {
    if (text !== '[') text += ',';
    text += `{"type":"${type}","data":${jsonText(data)}}`;
  }
  return `${text}]`;
}
