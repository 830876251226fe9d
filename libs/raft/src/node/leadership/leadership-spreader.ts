import type { NodeName } from '@metad/foundation';
import { planCountTransfer, planLoadTransfer } from '@metad/partition';
import type { LeadershipShare, LeadershipTransfer, LedPartition } from '@metad/partition';
import type { Partition } from '../partition/partition.js';
import type { Peers } from '../peer/peers.js';

/** Entries a candidate may miss and still count as caught up: a round trip under load. */
const lagEntriesMax = 1_024;
/** Leaderships given away in one step: this part of all that this node leads, or this many. */
const stepPart = 1 / 8;
const stepMin = 4;
/** Steps in a row that must want the same load moved before one leadership moves for it. */
const loadPatienceSteps = 5;
/** Steps without any move for load after one: what it changed must be seen first. */
const loadRestSteps = 30;
/** Entries per second between two nodes that are not worth a leadership's pause. */
const loadGapMin = 200;

/**
 * Moves leadership towards an even count, then even load, a few at a time, only while elections are
 * settled. Every node plans for itself from what the others say in their beats; the plan has
 * hysteresis and cannot swing for ever.
 *
 * A move costs its partition a pause, and clients a retry. An uneven count is mended at once: it
 * follows an election or a restart, when clients retry anyway. Load is measured, and noisy: only a
 * difference that lasts moves anything, one leadership at a time, with a long rest after each.
 */
export class LeadershipSpreader {
  private patience = 0;
  private rest = 0;

  constructor(
    private readonly peers: Peers,
    private readonly transfer: (partition: Partition, to: NodeName) => void,
  ) {}

  /** Considers one step. `partitions` are all of this node. */
  step(partitions: Iterable<Partition>): void {
    if (this.rest > 0) this.rest -= 1;
    const led: Partition[] = [];
    for (const partition of partitions) if (partition.serving) led.push(partition);
    const shares = this.shares(led);
    if (isCountUneven(this.peers.self, shares)) this.evenCount(led, shares);
    else if (this.isLoadUneven(shares)) this.evenLoad(led, shares);
    else this.patience = 0;
  }

  private evenCount(led: readonly Partition[], shares: readonly Share[]): void {
    const movable = led.map((partition) => this.asLed(partition));
    const movesMax = Math.max(stepMin, Math.floor(led.length * stepPart));
    for (let move = 0; move < movesMax; move += 1) {
      const plan = planCountTransfer(this.peers.self, shares, movable);
      if (plan === null) return;
      const at = movable.findIndex((entry) => entry.partition === plan.partition);
      const [moved] = movable.splice(at, 1);
      account(shares, this.peers.self, plan.to, moved?.load ?? 0);
      this.give(led, plan);
    }
  }

  private evenLoad(led: readonly Partition[], shares: readonly Share[]): void {
    const movable = led.map((partition) => this.asLed(partition));
    const plan = planLoadTransfer(this.peers.self, shares, movable);
    this.patience = plan === null ? 0 : this.patience + 1;
    if (plan === null || this.patience < loadPatienceSteps) return;
    this.patience = 0;
    this.rest = loadRestSteps;
    this.give(led, plan);
  }

  private give(led: readonly Partition[], plan: LeadershipTransfer): void {
    const partition = led.find((entry) => entry.id === plan.partition);
    if (partition !== undefined) this.transfer(partition, plan.to);
  }

  private isLoadUneven(shares: readonly Share[]): boolean {
    if (this.rest > 0) return false;
    const own = shares.find((share) => share.node === this.peers.self);
    return shares.some((share) => own !== undefined && own.load - share.load > loadGapMin);
  }

  private shares(led: readonly Partition[]): Share[] {
    const load = led.reduce((sum, partition) => sum + partition.load, 0);
    const shares: Share[] = [{ node: this.peers.self, leaders: led.length, load }];
    for (const link of this.peers.all()) {
      const { beat, state } = link.liveness;
      if (beat === null || state !== 'alive' || beat.draining) continue;
      shares.push({ node: link.peer, leaders: beat.leaders, load: beat.load });
    }
    return shares;
  }

  private asLed(partition: Partition): LedPartition {
    const { confInForce, progress, lastIndex, transferTarget } = partition.replica.status();
    const candidates = confInForce.voters.filter((voter) => {
      const match = progress.get(voter)?.match ?? 0;
      return transferTarget === null && match + lagEntriesMax >= lastIndex;
    });
    return { partition: partition.id, load: partition.load, candidates };
  }
}

/** Whether a look at every partition could be worth its cost. */
function isCountUneven(self: NodeName, shares: readonly Share[]): boolean {
  const own = shares.find((share) => share.node === self);
  return shares.some((share) => own !== undefined && own.leaders - share.leaders >= 2);
}

type Share = { -readonly [K in keyof LeadershipShare]: LeadershipShare[K] };

/** Plans further moves as if this one had been made. */
function account(shares: readonly Share[], from: NodeName, to: NodeName, load: number): void {
  for (const share of shares) {
    const sign = share.node === from ? -1 : share.node === to ? 1 : 0;
    share.leaders += sign;
    share.load += sign * load;
  }
}
