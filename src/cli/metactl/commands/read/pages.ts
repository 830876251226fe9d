import { LIMITS } from '@metad/contract';
import type { QueryRequest } from '@metad/contract';
import type { Gateway } from '../../session/gateway.js';

export interface Page {
  readonly items: readonly Record<string, unknown>[];
  readonly cursor?: string;
}

/** The pages of a list query, until there are none or `wanted` rows have been asked for. */
export async function* pagesOf(
  gateway: Gateway,
  namespace: string,
  query: string,
  request: QueryRequest,
  wanted: number,
): AsyncGenerator<Page> {
  let cursor: string | undefined;
  let left = wanted;
  do {
    const limit = Math.min(left, LIMITS.pageItemsMax);
    const paged = { ...request, limit, ...(cursor !== undefined && { cursor }) };
    const reply = await gateway.query(namespace, query, paged);
    const items = reply.items ?? [];
    left -= items.length;
    cursor = reply.cursor;
    yield { items, ...(cursor !== undefined && { cursor }) };
  } while (cursor !== undefined && left > 0);
}
