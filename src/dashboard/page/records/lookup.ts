import { ApiError, query } from '../data/api.js';
import type { RecordBody } from './diff.js';
import type { SearchedKind } from './kinds.js';

/** One change of a record, as `GetHistory` tells it. */
export interface Change {
  readonly namespace: string;
  readonly key: string;
  readonly type: string;
  readonly record: RecordBody | null;
  readonly partition: number;
  readonly index: number;
  readonly validFrom: string;
  readonly command?: string;
  readonly commandId?: string;
  readonly actor?: string;
  readonly reason?: string;
}

/** A record with what is known of its past, newest first. */
export interface FoundRecord {
  readonly kind: string;
  readonly namespace: string;
  readonly key: string;
  /** Null when it was removed. */
  readonly record: RecordBody | null;
  readonly changes: readonly Change[];
  /** Why there is no history; null when there is. */
  readonly withoutHistory: string | null;
  /** True when older changes were left out. */
  readonly isCut: boolean;
}

const changesMax = 500;
export const listedMax = 100;
export const ALL = '_all';

interface HistoryReply {
  readonly items: readonly Change[];
  readonly cursor?: string;
}

/** The records that `id` names, usually one. Throws ApiError; an empty list is nothing found. */
export async function lookUp(
  { kind, get }: SearchedKind,
  namespace: string,
  id: string,
): Promise<FoundRecord[]> {
  let withoutHistory: string | null = null;
  let history: HistoryReply = { items: [] };
  try {
    const request = { params: { kind, id }, limit: changesMax };
    history = await query<HistoryReply>(namespace, 'GetHistory', request);
  } catch (error) {
    if (!(error instanceof ApiError) || [400, 401, 403].includes(error.status)) throw error;
    withoutHistory = error.message;
  }
  const found = byRecord(kind, history);
  if (found.length > 0 || namespace === ALL) return found;
  const record = await current(namespace, get.query, get.params(id));
  if (record === null) return [];
  const known = { kind, namespace, key: id, record, changes: [], isCut: false };
  return [{ ...known, withoutHistory: withoutHistory ?? 'no change is kept' }];
}

function byRecord(kind: string, { items, cursor }: HistoryReply): FoundRecord[] {
  const groups = new Map<string, Change[]>();
  for (const change of items) {
    const name = `${change.namespace} ${change.key}`;
    groups.set(name, [change, ...(groups.get(name) ?? [])]);
  }
  return [...groups.values()].map((changes) => {
    const [newest] = changes as [Change, ...Change[]];
    const { namespace, key, record } = newest;
    const isCut = cursor !== undefined;
    return { kind, namespace, key, record, changes, withoutHistory: null, isCut };
  });
}

async function current(
  namespace: string,
  name: string,
  params: object,
): Promise<RecordBody | null> {
  try {
    const reply = await query<{ item: RecordBody }>(namespace, name, { params });
    return reply.item;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

/** Records that pass the filter; of kinds made of parts, the parts. */
export async function list(
  kind: SearchedKind,
  namespace: string,
  params: object,
): Promise<{ readonly items: readonly RecordBody[]; readonly isCut: boolean }> {
  const request = { params, limit: listedMax };
  const reply = await query<{ items: RecordBody[]; cursor?: string }>(
    namespace,
    kind.list.query,
    request,
  );
  return { items: reply.items, isCut: reply.cursor !== undefined };
}
