import type { NodeName } from '@metad/foundation';
import type { Message, MessageOf } from '../../core/index.js';
import type { Activity } from '../activity.js';
import type { Partition } from '../partition/partition.js';
import type { LivenessChange } from '../peer/liveness.js';
import type { Peers } from '../peer/peers.js';

/** A request for votes. */
type Candidacy = MessageOf<'preVote' | 'vote'>;

export function isCandidacy(message: Message): message is Candidacy {
  const { kind } = message;
  return kind === 'preVote' || kind === 'vote';
}

/** Ticks between the campaigns of two replicas of one partition, so that they do not collide. */
const staggerTicks = 2;
/** Ticks before a replica that was just opened campaigns: a leader, if there is one, speaks. */
const openingTicks = 12;
/** Ticks that a candidate is given to win, by those who may campaign after it. */
const grantTicks = 3;
/** Ticks for which a request for votes is kept, should its reason become known here as well. */
const heldTicksMax = 8;
/** Campaigns of one replica for one loss; afterwards the time-outs of its core must do. */
const campaignsMax = 5;

/**
 * Who campaigns, and when, where a node need not wait for a time-out to know that nobody leads.
 * When a peer went away, the partitions it led forget their leader, so that votes are granted at
 * once, and campaign: each partition has an order of its own among the survivors, the first
 * campaigns now and the others a little later, should nobody lead by then. A campaign fails when
 * the others do not know of the loss yet, or have more of the log; so they take turns until
 * somebody leads, and who could not be elected, or is just being elected, is given time. The same
 * order, after a while of silence, elects the first leaders of a cluster that starts, and spreads
 * them.
 *
 * PreVote keeps a wrong alarm harmless. When a peer came back, the partitions led here wake, so
 * that their heartbeats reach it before it grows impatient. A restart is both.
 */
export class Failover {
  /** Requests for votes that were refused for the sake of a leader who may be gone. */
  private readonly held = new Map<Partition, Candidacy>();
  private heldTicks = 0;

  constructor(
    private readonly peers: Peers,
    private readonly activity: Activity,
  ) {}

  /** A replica was opened and knows no leader. */
  onOpened(partition: Partition): void {
    this.scheduleCampaigns(partition, null, openingTicks);
  }

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

  /**
   * A replica asks for votes. If the leader seems well from here, whoever asks may know better: the
   * leader's node is asked for a sign of life. That it is gone is known within a round trip, long
   * before its silence tells, and then the request is answered once more.
   */
  onCandidate(partition: Partition, candidacy: Candidacy): void {
    const { leader } = partition;
    if (leader === null) {
      this.makeWay(partition, candidacy);
    } else if (leader !== candidacy.from && leader !== this.peers.self) {
      this.peers.of(leader).probe();
      this.held.set(partition, candidacy);
    }
  }

  /** A tick has ended. */
  endTick(): void {
    if (this.held.size === 0) return;
    this.heldTicks += 1;
    if (this.heldTicks < heldTicksMax) return;
    this.held.clear();
    this.heldTicks = 0;
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
    this.campaign(partition);
    return true;
  }

  private onDown(partition: Partition, peer: NodeName): boolean {
    if (partition.role === 'leader') return this.wakeWithoutQuorum(partition);
    if (partition.leader !== peer) return false;
    this.activity.wake(partition);
    partition.replica.forgetLeader();
    this.scheduleCampaigns(partition, peer, 0);
    const candidacy = this.held.get(partition);
    if (candidacy !== undefined) {
      this.held.delete(partition);
      partition.replica.step(candidacy);
      this.makeWay(partition, candidacy);
    } else if (partition.campaignIn === 0) {
      this.campaign(partition);
    }
    return true;
  }

  /** Another replica campaigns: it is given time to win, unless this log has more than its. */
  private makeWay(partition: Partition, candidacy: Candidacy): void {
    if (partition.campaignIn < 0) return;
    if (isBehind(candidacy, partition)) {
      partition.campaignIn = 0;
      return;
    }
    const wait = grantTicks + partition.campaignRank * staggerTicks;
    partition.campaignIn = Math.max(partition.campaignIn, wait);
  }

  /** In this replica's turn; a learner, or one that was removed, only makes way. */
  private scheduleCampaigns(partition: Partition, lost: NodeName | null, afterTicks: number): void {
    const { voters } = partition.replica.status().confInForce;
    const left = voters.filter((voter) => voter !== lost && !this.peers.isDown(voter));
    const own = left.indexOf(this.peers.self);
    if (own < 0) return;
    // Rotated, so that the partitions of one lost node spread over the survivors.
    const rank = (own + partition.id) % left.length;
    partition.campaignRank = rank;
    partition.campaignIn = afterTicks + rank * staggerTicks;
    partition.campaignEvery = left.length * staggerTicks;
    partition.campaignsLeft = campaignsMax;
  }

  private campaign(partition: Partition): void {
    partition.campaignsLeft -= 1;
    partition.campaignIn = partition.campaignsLeft > 0 ? partition.campaignEvery : -1;
    partition.replica.campaign();
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
}

/** This replica has more of the log than the candidate, and would not vote for it. */
function isBehind({ lastTerm, lastIndex }: Candidacy, { replica, stored }: Partition): boolean {
  const { lastIndex: ownIndex } = replica.status();
  const ownTerm = stored.termAt(ownIndex);
  if (ownTerm === null) return false; // Not stored yet: whoever is right will be elected.
  return ownTerm > lastTerm || (ownTerm === lastTerm && ownIndex > lastIndex);
}
