import { invariant, logIndex, NONE } from '@metad/foundation';
import type { LogIndex, NodeName } from '@metad/foundation';
import { Inflights } from './inflights.js';
import { PeerProgress } from './peer-progress.js';
import { isVoter, membersOf } from '../membership/configuration.js';
import type { Electorate } from '../membership/quorum.js';
import type { RaftState } from '../state/raft-state.js';
import type { ReadRound, WaitingRead } from './reads.js';

/** What only a leader has; it lives for one term. */
export class Leadership {
  /** Every member, itself included, sorted by name. They are few: looked for one by one. */
  progress: readonly PeerProgress[] = NONE;
  /** Every other member, sorted by name: the order of broadcasts. */
  peers: readonly PeerProgress[] = NONE;
  /** Itself; null when the configuration in force has no place for it. */
  self: PeerProgress | null = null;
  /** Whose progress commits, of the configuration in force. */
  electorate: Electorate<PeerProgress> = { voters: NONE, votersOutgoing: NONE };
  /** Something may be sendable to some peer: look before the next Ready. */
  flushNeeded = true;
  heartbeatElapsed = 0;
  /** Ticks of this term. */
  ticks = 0;
  transferTarget: NodeName | null = null;
  transferElapsed = 0;
  /** A target was told to campaign, and may do so at any later time of this term. */
  leaseBroken = false;
  waitingReads: WaitingRead[] = [];
  readRounds: ReadRound[] = [];
  lastReadRound = 0;
  /** Lease: reads may be served without a round before this tick. */
  leaseUntil = 0;
  /** Commands in the log that are not committed; who proposes keeps their bytes bounded. */
  private readonly uncommitted = new Inflights(Infinity, Infinity);

  constructor(
    raft: RaftState,
    /** Index of the term's no-op: reads and membership changes wait until it is committed. */
    readonly termStart: LogIndex,
  ) {
    this.followConf(raft);
    if (this.self !== null) this.self.match = raft.log.stableIndex;
  }

  /** Null when `name` is not a member. */
  of(name: NodeName): PeerProgress | null {
    for (const peer of this.progress) if (peer.name === name) return peer;
    return null;
  }

  /** Tracks exactly the members of the configuration in force. */
  followConf(raft: RaftState): void {
    const conf = raft.confs.latest;
    this.progress = membersOf(conf).map((name) => {
      const learner = !isVoter(conf, name);
      const peer = this.of(name) ?? newProgress(raft, name, learner);
      peer.learner = learner;
      return peer;
    });
    this.self = this.of(raft.self);
    this.peers = this.progress.filter((peer) => peer !== this.self);
    this.electorate = {
      voters: this.among(conf.voters),
      votersOutgoing: this.among(conf.votersOutgoing),
    };
    this.flushNeeded = true;
  }

  /** The progress of these members. */
  private among(names: readonly NodeName[]): readonly PeerProgress[] {
    if (names.length === 0) return NONE;
    const found = this.progress.filter((peer) => names.includes(peer.name));
    invariant(found.length === names.length, 'whoever votes gets the log');
    return found;
  }

  get uncommittedBytes(): number {
    return this.uncommitted.bytes;
  }

  /** Command bytes that became part of the log together. */
  countProposed(lastIndex: LogIndex, bytes: number): void {
    this.uncommitted.add(lastIndex, bytes);
  }

  /** What is committed no longer counts against the bound. */
  countCommitted(commit: LogIndex): void {
    this.uncommitted.freeTo(commit);
  }
}

/** Assumed active, so that a newcomer does not fail the next quorum check. */
const newProgress = (raft: RaftState, name: NodeName, learner: boolean): PeerProgress =>
  new PeerProgress(name, logIndex(raft.log.lastIndex + 1), true, learner, raft.options);
