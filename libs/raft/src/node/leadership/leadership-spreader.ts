import type { NodeName } from '@metad/foundation';
import { planTransfer } from '@metad/partition';
import type { LeadershipShare, LedPartition } from '@metad/partition';
import type { Partition } from '../partition/partition.js';
import type { Peers } from '../peer/peers.js';

/** Entries a candidate may miss and still count as caught up: a round trip under load. */
const lagEntriesMax = 1_024;
/** Leaderships given away in one step, as a part of all that this node leads. */
const stepPart = 1 / 8;

/**
 * Moves leadership towards an even count, then even load, a few at a time, only while elections are
 * settled. Every node plans for itself from what the others say in their beats; the plan has
 * hysteresis and cannot swing for ever.
 */
export class LeadershipSpreader {
  constructor(
    private readonly peers: Peers,
    private readonly transfer: (partition: Partition, to: NodeName) => void,
  ) {}

  /** Considers one step. `partitions` are all of this node. */
  step(partitions: Iterable<Partition>): void {
    const led: Partition[] = [];
    for (const partition of partitions) if (partition.serving) led.push(partition);
    if (led.length === 0) return;
    const shares = this.shares(led);
    if (!isUneven(this.peers.self, shares)) return;
    const movable = led.map((partition) => this.asLed(partition));
    const movesMax = Math.max(1, Math.floor(led.length * stepPart));
    for (let move = 0; move < movesMax; move += 1) {
      const plan = planTransfer(this.peers.self, shares, movable);
      if (plan === null) return;
      const at = movable.findIndex((entry) => entry.partition === plan.partition);
      const [moved] = movable.splice(at, 1);
      const partition = led.find((entry) => entry.id === plan.partition);
      if (moved === undefined || partition === undefined) return;
      account(shares, this.peers.self, plan.to, moved.load);
      this.transfer(partition, plan.to);
    }
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
function isUneven(self: NodeName, shares: readonly Share[]): boolean {
  const own = shares.find((share) => share.node === self);
  return shares.some(
    (share) => own !== undefined && (own.leaders > share.leaders || own.load > share.load * 1.3),
  );
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
