import type { NodeName, PartitionId } from '@metad/foundation';

/** A node that can lead: alive, not draining. Loads are in any one unit, say entries per second. */
export interface LeadershipShare {
  readonly node: NodeName;
  readonly leaders: number;
  readonly load: number;
}

/** A partition that the planning node leads. */
export interface LedPartition {
  readonly partition: PartitionId;
  readonly load: number;
  /** Voters that are caught up and could take over at once. */
  readonly candidates: readonly NodeName[];
}

export interface LeadershipTransfer {
  readonly partition: PartitionId;
  readonly to: NodeName;
}

/**
 * Load is moved only when the two nodes' shares differ by more than this part of the larger one,
 * and only if the move at least halves the difference: leadership does not swing to and fro. Three
 * equal partitions beside two differ by a third, and that is as even as it gets.
 */
const loadHysteresis = 0.5;

// What a node should give away: towards an even count first, then towards even load between nodes
// whose counts differ by one. It cannot swing for ever: a move for the count lowers the sum of
// squared counts, and a move for the load keeps that sum and lowers the sum of squared loads. Not
// covered: exchanging two leaderships between nodes with equal counts.

/**
 * The next leadership that `self` should give away towards an even count, or null. Nobody gives
 * more than it has above the average, so that nodes which plan at the same time from the same
 * shares do not all pour into the emptiest one.
 */
export function planCountTransfer(
  self: NodeName,
  shares: readonly LeadershipShare[],
  led: readonly LedPartition[],
): LeadershipTransfer | null {
  const own = shares.find((share) => share.node === self);
  if (own === undefined) return null;
  const total = shares.reduce((sum, share) => sum + share.leaders, 0);
  if (own.leaders <= Math.floor(total / shares.length)) return null;
  const receivers = shares
    .filter((share) => own.leaders - share.leaders >= 2)
    .sort((a, b) => a.leaders - b.leaders || byName(a.node, b.node));
  for (const receiver of receivers) {
    const movable = led.filter((entry) => entry.candidates.includes(receiver.node));
    // The one whose load comes closest to evening out load as well.
    const wanted = (own.load - receiver.load) / 2;
    const best = closest(movable, wanted);
    if (best !== null) return { partition: best.partition, to: receiver.node };
  }
  return null;
}

/** The next one towards even load, between nodes whose counts differ by one. */
export function planLoadTransfer(
  self: NodeName,
  shares: readonly LeadershipShare[],
  led: readonly LedPartition[],
): LeadershipTransfer | null {
  const own = shares.find((share) => share.node === self);
  if (own === undefined) return null;
  const receivers = shares
    .filter((share) => own.leaders - share.leaders === 1)
    .filter((share) => own.load - share.load > own.load * loadHysteresis)
    .sort((a, b) => a.load - b.load || byName(a.node, b.node));
  for (const receiver of receivers) {
    const gap = own.load - receiver.load;
    const best = closest(
      led.filter((entry) => entry.candidates.includes(receiver.node)),
      gap / 2,
    );
    if (best === null) continue;
    if (Math.abs(gap - 2 * best.load) <= gap / 2) {
      return { partition: best.partition, to: receiver.node };
    }
  }
  return null;
}

/** The partition whose load is nearest to `wanted`; the lowest id among equals. */
function closest(led: readonly LedPartition[], wanted: number): LedPartition | null {
  let best: LedPartition | null = null;
  for (const entry of led) {
    const distance = Math.abs(entry.load - wanted);
    const bestDistance = best === null ? Infinity : Math.abs(best.load - wanted);
    const wins = distance === bestDistance && best !== null && entry.partition < best.partition;
    if (distance < bestDistance || wins) best = entry;
  }
  return best;
}

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
