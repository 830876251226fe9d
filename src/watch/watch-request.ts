import { formatPositions, MetadError, parsePosition, type PositionPart } from '@metad/contract';
import type { PartitionId } from '@metad/foundation';
import { z } from 'zod';
import { isInbox } from '../app/nats/inbound.js';
import { faultsOf } from '../command/command-envelope.js';
import { invalidArgument } from '../command/request-body.js';
import { parseFilter, type WatchFilter } from './watch-filter.js';

/** Where a watch begins: `now`, with all records as they are, or after a position. */
export type WatchStart = 'now' | 'snapshot' | readonly PositionPart[];

export interface OpenWatch {
  readonly watchId: string;
  readonly filter: WatchFilter;
  readonly from: WatchStart;
  readonly inbox: string;
}

const watchId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 _ -');
const openSchema = z.strictObject({
  watchId,
  filter: z.unknown().optional(),
  from: z.string().min(1).default('now'),
  inbox: z.string(),
  namespace: z.string().optional(),
});
const closeSchema = z.strictObject({ close: watchId, namespace: z.string().optional() });

/** The id of the watch to end, or null when the request opens one. */
export function parseClose(value: Readonly<Record<string, unknown>>): string | null {
  if (value['close'] === undefined) return null;
  const parsed = closeSchema.safeParse(value);
  if (!parsed.success) throw invalidArgument(faultsOf(parsed.error, ''));
  return parsed.data.close;
}

/** Throws INVALID_ARGUMENT with every fault, INCARNATION_CHANGED for another history's position. */
export function parseOpen(
  namespace: string,
  value: Readonly<Record<string, unknown>>,
  incarnation: string,
  inboxPrefix: string | null,
): OpenWatch {
  const parsed = openSchema.safeParse(value);
  if (!parsed.success) throw invalidArgument(faultsOf(parsed.error, ''));
  const { data } = parsed;
  if (data.namespace !== undefined && data.namespace !== namespace) {
    throw invalidArgument([{ field: 'namespace', reason: "differs from the subject's" }]);
  }
  if (!isInbox(data.inbox, inboxPrefix)) {
    const where = inboxPrefix === null ? '_INBOX.…' : `_INBOX.… or ${inboxPrefix}.…`;
    throw invalidArgument([{ field: 'inbox', reason: `must be an inbox (${where})` }]);
  }
  return {
    watchId: data.watchId,
    filter: parseFilter(namespace, data.filter),
    from: parseStart(data.from, incarnation),
    inbox: data.inbox,
  };
}

/** Throws INVALID_ARGUMENT or INCARNATION_CHANGED. */
export function parseStart(text: string, incarnation: string): WatchStart {
  if (text === 'now' || text === 'snapshot') return text;
  const parts = parsePosition(text, 'from');
  if (parts.every((part) => part.incarnation === incarnation)) return parts;
  const available = formatPositions(parts.map((part) => ({ ...part, incarnation, index: 0 })));
  throw new MetadError(
    'INCARNATION_CHANGED',
    'the position is of a history that was replaced; begin again from a snapshot',
    { incarnation, available },
  );
}

/**
 * Where a watch begins in one partition; null is "now". A position that joins several partitions
 * names all there were when it was made: one it lacks is newer, and is read from its beginning. A
 * position of a single write says nothing about other partitions: they begin now.
 */
export function startIn(partition: PartitionId, from: readonly PositionPart[]): number | null {
  const part = from.find((candidate) => candidate.partition === (partition as number));
  if (part !== undefined) return part.index;
  return from.length > 1 ? 0 : null;
}
