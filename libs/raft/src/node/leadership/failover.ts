import type { NodeName } from '@metad/foundation';
import type { Activity } from '../activity.js';
import type { Partition } from '../partition/partition.js';
import type { LivenessChange } from '../peer/liveness.js';
import type { Peers } from '../peer/peers.js';

/** Ticks between the campaigns of two replicas of one partition, so that they do not collide. */
const staggerTicks = 2;

/**
 * What a change of a peer's liveness means for partitions. When it went away, the partitions it led
 * forget their leader, so that votes are granted at once, and campaign: each partition has an order
 * of its own among the survivors, the first campaigns now and the others a little later, should
 * nobody lead by then. PreVote keeps a wrong alarm harmless. When it came back, the partitions led
 * here wake, so that their heartbeats reach it before it grows impatient. A restart is both.
 */
export class Failover {
  constructor(
    private readonly peers: Peers,
    private readonly activity: Activity,
  ) {}

  onPeerChange(
    peer: NodeName,
    change: LivenessChange,
    partitions: Iterable<Partition>,
  ): Partition[] {
    const touched: Partition[] = [];
    for (const partition of partitions) {
      if (!partition.isLive || partition.refill !== null) continue;
      if (partition.state === 'installing') continue;
      const lost = change !== 'up' && this.onDown(partition, peer);
      const back = change !== 'down' && this.onUp(partition, peer);
      const affected = lost || back;
      if (affected) touched.push(partition);
    }
    return touched;
  }

  /** Called once a tick for an active partition; true when it campaigned. */
  tick(partition: Partition): boolean {
    if (partition.campaignIn < 0) return false;
    if (partition.leader !== null) {
      partition.campaignIn = -1;
      return false;
    }
    partition.campaignIn -= 1;
    if (partition.campaignIn >= 0) return false;
    partition.replica.campaign();
    return true;
  }

  private onDown(partition: Partition, peer: NodeName): boolean {
    if (partition.role === 'leader') return this.wakeWithoutQuorum(partition);
    if (partition.leader !== peer) return false;
    this.activity.wake(partition);
    partition.replica.forgetLeader();
    const rank = this.rankOf(partition, peer);
    if (rank < 0) return true; // A learner only makes way.
    if (rank === 0) partition.replica.campaign();
    else partition.campaignIn = rank * staggerTicks;
    return true;
  }

  /** A leader that may have lost its quorum must find out: it does not rest on. */
  private wakeWithoutQuorum(partition: Partition): boolean {
    if (partition.state !== 'quiet' || this.activity.hasQuorum(partition)) return false;
    this.activity.wake(partition);
    return true;
  }

  private onUp(partition: Partition, peer: NodeName): boolean {
    if (partition.role !== 'leader' || partition.state !== 'quiet') return false;
    const { voters, learners } = partition.replica.status().confInForce;
    if (!voters.includes(peer) && !learners.includes(peer)) return false;
    this.activity.wake(partition);
    return true;
  }

  /** Place of this node among the voters that are left, rotated so that load spreads; −1: none. */
  private rankOf(partition: Partition, lost: NodeName): number {
    const { voters } = partition.replica.status().confInForce;
    const left = voters.filter((voter) => voter !== lost && !this.peers.isDown(voter));
    const own = left.indexOf(this.peers.self);
    if (own < 0) return -1;
    return (own + partition.id) % left.length;
  }
}
