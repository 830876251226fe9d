export { invariant, unreachable, InvariantViolation } from './invariant.js';
export { term, logIndex, partitionId, nodeName, logTime } from './brand.js';
export type { Brand, Term, LogIndex, PartitionId, NodeName, LogTime } from './brand.js';
export type { Clock } from './clock.js';
export { seededRandom } from './random.js';
export type { Random } from './random.js';
export { BoundedQueue } from './bounded-queue.js';
export { NONE, withItem } from './short-list.js';
