import { logIndex } from '@metad/foundation';
import type { LogIndex, NodeName } from '@metad/foundation';
import { PeerProgress } from './peer-progress.js';
import { isVoter, membersOf } from '../membership/configuration.js';
import type { RaftState } from '../state/raft-state.js';
import type { ReadRound, WaitingRead } from './reads.js';

/** Command bytes that became part of the log together. */
interface ProposedBytes {
  readonly lastIndex: LogIndex;
  readonly bytes: number;
}

/** What only a leader has; it lives for one term. */
export class Leadership {
  /** Every member, itself included. */
  readonly progress = new Map<NodeName, PeerProgress>();
  /** Every other member, sorted by name: the order of broadcasts. */
  peers: PeerProgress[] = [];
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
  uncommittedBytes = 0;
  private proposed: ProposedBytes[] = [];

  constructor(
    raft: RaftState,
    /** Index of the term's no-op: reads and membership changes wait until it is committed. */
    readonly termStart: LogIndex,
  ) {
    this.followConf(raft);
    const self = this.progress.get(raft.self);
    if (self !== undefined) self.match = raft.log.stableIndex;
  }

  /** Tracks exactly the members of the configuration in force. */
  followConf(raft: RaftState): void {
    const conf = raft.confs.latest;
    const members = membersOf(conf);
    for (const name of this.progress.keys()) {
      if (!members.includes(name)) this.progress.delete(name);
    }
    this.peers = [];
    for (const name of members) {
      const learner = !isVoter(conf, name);
      const peer = this.progress.get(name) ?? newProgress(raft, name, learner);
      peer.learner = learner;
      this.progress.set(name, peer);
      if (name !== raft.self) this.peers.push(peer);
    }
    this.flushNeeded = true;
  }

  countProposed(lastIndex: LogIndex, bytes: number): void {
    this.proposed.push({ lastIndex, bytes });
    this.uncommittedBytes += bytes;
  }

  /** What is committed no longer counts against the bound. */
  countCommitted(commit: LogIndex): void {
    let freed = 0;
    for (const batch of this.proposed) {
      if (batch.lastIndex > commit) break;
      this.uncommittedBytes -= batch.bytes;
      freed += 1;
    }
    if (freed > 0) this.proposed.splice(0, freed);
  }
}

/** Assumed active, so that a newcomer does not fail the next quorum check. */
const newProgress = (raft: RaftState, name: NodeName, learner: boolean): PeerProgress =>
  new PeerProgress(name, logIndex(raft.log.lastIndex + 1), true, learner, raft.options);
