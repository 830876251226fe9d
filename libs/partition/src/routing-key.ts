import type { Brand } from '@metad/foundation';
import { hashLowSigned } from './key-hash.js';

/** Where a routing key lies: an integer in 0 … 2³¹−1. */
export type Point = Brand<number, 'Point'>;

/** Number of points; ranges are cut out of [0, POINTS). */
export const POINTS = 0x8000_0000;

/**
 * Point of the part before the last `/`, or of the whole key when there is none: records that
 * share a prefix share a partition. Source: contract, "Routing"; the rule is Kommander's.
 */
export function getPartitionKey(key: string): Point {
  const slash = key.lastIndexOf('/');
  return getPrefixPartitionKey(slash < 0 ? key : key.slice(0, slash));
}

/** Point of the whole string. */
export function getPrefixPartitionKey(prefix: string): Point {
  const magnitude = Math.abs(hashLowSigned(prefix));
  return (magnitude === POINTS ? 0 : magnitude) as Point; // −2³¹ has no absolute value in int.
}
