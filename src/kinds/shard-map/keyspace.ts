import type { Shard, ShardMapValue } from './shard-map.record.js';

/** End of a hash keyspace: one more than the highest point. */
export const HASH_END = 0x1_0000_0000;

export type KeyspaceName = ShardMapValue['keyspace'];
export type Bound = Shard['start'];

/** True if `bound` can stand in this keyspace at all. */
export function isBoundOf(keyspace: KeyspaceName, bound: Bound): boolean {
  if (keyspace === 'range') return typeof bound === 'string';
  return typeof bound === 'number' && Number.isInteger(bound) && bound >= 0 && bound <= HASH_END;
}

/** Order of two bounds of one keyspace as lower bounds: an empty string is below all others. */
export function compareBounds(left: Bound, right: Bound): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  return compareUtf8(String(left), String(right));
}

/** True if `end`, as an upper bound, lies above `start`; an empty string is above everything. */
export const isAbove = (end: Bound, start: Bound): boolean =>
  end === '' || compareBounds(start, end) < 0;

export const firstBound = (keyspace: KeyspaceName): Bound => (keyspace === 'hash' ? 0 : '');
export const lastBound = (keyspace: KeyspaceName): Bound => (keyspace === 'hash' ? HASH_END : '');

/**
 * What keeps these shards, in order of `start`, from being a complete division of the keyspace;
 * null when they are one.
 */
export function findFault(keyspace: KeyspaceName, shards: readonly Shard[]): string | null {
  let expected: Bound = firstBound(keyspace);
  for (const [at, { shardId, start, end }] of shards.entries()) {
    if (!isBoundOf(keyspace, start) || !isBoundOf(keyspace, end)) {
      return `the bounds of ${shardId} do not belong to a ${keyspace} keyspace`;
    }
    if (!isAbove(end, start)) return `${shardId} ends at or before its start`;
    if (start !== expected) return faultAt(expected, start, shardId);
    if (end === '' && at < shards.length - 1) return `${shardId} overlaps what follows`;
    expected = end;
  }
  return expected === lastBound(keyspace)
    ? null
    : `there is a gap from ${quote(expected)} to the end of the keyspace`;
}

function faultAt(expected: Bound, start: Bound, shardId: string): string {
  return compareBounds(start, expected) < 0
    ? `${shardId} overlaps what lies before ${quote(expected)}`
    : `there is a gap from ${quote(expected)} to ${quote(start)}`;
}

const quote = (bound: Bound): string => JSON.stringify(bound);

/**
 * Order of two strings by their UTF-8 bytes, without encoding them. It differs from the order of
 * UTF-16 code units only where a surrogate meets a unit above the surrogates.
 */
export function compareUtf8(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at += 1) {
    const a = left.charCodeAt(at);
    const b = right.charCodeAt(at);
    if (a !== b) return rank(a) - rank(b);
  }
  return left.length - right.length;
}

/** Moves the surrogates, which encode the highest code points, above all other units. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
