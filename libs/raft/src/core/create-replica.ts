import { invariant, logIndex, NONE } from '@metad/foundation';
import type { LogIndex, NodeName, Term } from '@metad/foundation';
import type { ConfChange, Entry } from './entry.js';
import type { Message, MessageKind, MessageOf } from './message.js';
import type { Ready } from './ready.js';
import type {
  LogPosition,
  ProposeResult,
  Replica,
  ReplicaOptions,
  ReplicaStatus,
} from './replica.js';
import { onDurableVote, startPreVote } from './roles/election.js';
import { maybeCommit } from './leading/commit.js';
import { proposeCommands, proposeConf } from './leading/propose.js';
import { requestRead } from './leading/reads.js';
import { startTransfer } from './leading/transfer.js';
import { RaftLog } from './log/raft-log.js';
import { ConfHistory } from './membership/conf-history.js';
import { resetElectionTimer } from './state/raft-state.js';
import type { RaftState } from './state/raft-state.js';
import { forwardRead } from './roles/follower.js';
import { becomeFollower } from './roles/transitions.js';
import { canQuiesce, statusOf } from './state/status.js';
import { step } from './step.js';
import { hasReady, takeReady } from './take-ready.js';
import { tick } from './tick.js';

/** Bytes of log read at a time when membership changes are looked for after a restart. */
const recoveryBytesMax = 1 << 20;

/**
 * Reads the membership changes that the log holds beyond its snapshot. Entries that the snapshot
 * covers may still be there, for late followers: their changes are in it already.
 */
function recoverConfs(options: ReplicaOptions): ConfHistory {
  const { log } = options;
  const base = log.snapshot().index;
  const confs = new ConfHistory(base, options.conf);
  const end = logIndex(log.lastIndex() + 1);
  let from = logIndex(base + 1);
  while (from < end) {
    const entries = log.entries(from, end, recoveryBytesMax);
    const last = entries?.[entries.length - 1];
    invariant(entries !== null && last !== undefined, 'a stored log is readable to its end');
    confs.follow(entries);
    from = logIndex(last.index + 1);
  }
  return confs;
}

function recover(options: ReplicaOptions): RaftState {
  const { hardState, applied } = options;
  const log = new RaftLog(options.log, hardState.commit, applied, hardState.term);
  invariant(log.lastTerm <= hardState.term, 'the stored term covers every stored entry');
  const confs = recoverConfs(options);
  confs.appliedTo(log.appliedIndex);
  const raft: RaftState = {
    options,
    self: options.self,
    log,
    confs,
    role: 'follower',
    term: hardState.term,
    vote: hardState.vote,
    leader: null,
    leadership: null,
    votes: null,
    floor: null,
    transferCampaign: false,
    electionElapsed: 0,
    electionDeadline: 0,
    leaderSilence: 0,
    draws: 0,
    messages: NONE,
    messagesAfterPersist: NONE,
    readStates: NONE,
    reportedTerm: hardState.term,
    reportedVote: hardState.vote,
    reportedCommit: log.commitIndex,
    reportedRole: 'follower',
    reportedLeader: null,
  };
  resetElectionTimer(raft);
  return raft;
}

/** A replica from what its log and hard state remember; it starts as a follower. */
export const createReplica = (options: ReplicaOptions): Replica =>
  new RaftReplica(recover(options));

/** The public face of a RaftState: every method is one input, `takeReady` the only output. */
class RaftReplica implements Replica {
  constructor(private readonly raft: RaftState) {}

  tick(): boolean {
    if (!tick(this.raft)) return false;
    this.check();
    return true;
  }

  step(message: Message): void {
    step(this.raft, message as MessageOf<MessageKind>);
    this.check();
  }

  propose(datas: readonly Uint8Array[]): ProposeResult {
    invariant(datas.length > 0, 'a proposal holds a command');
    return proposeCommands(this.raft, datas);
  }

  proposeConfChange(change: ConfChange): ProposeResult {
    return proposeConf(this.raft, this.raft.leadership, change);
  }

  readIndex(context: number): void {
    if (this.raft.leadership === null) forwardRead(this.raft, context);
    else requestRead(this.raft, { from: null, context });
  }

  transferLeadership(to: NodeName): void {
    if (this.raft.leadership !== null) startTransfer(this.raft, to);
  }

  campaign(): void {
    // With lease reads its own loyalty backs another's lease: it waits for the time-out.
    if (!this.raft.options.leaseReads) startPreVote(this.raft);
  }

  forgetLeader(): void {
    if (this.raft.leadership === null && !this.raft.options.leaseReads) this.raft.leader = null;
  }

  restrain(floor: LogPosition | null): void {
    const { raft } = this;
    raft.floor = floor;
    // A campaign under way would end in a leader that the floor may forbid.
    if (floor !== null && raft.role !== 'follower') becomeFollower(raft, raft.term, null);
  }

  reportUnreachable(peer: NodeName): void {
    const progress = this.raft.leadership?.of(peer);
    if (progress?.state === 'replicate') progress.becomeProbe();
  }

  reportSnapshot(peer: NodeName, _delivered: boolean): void {
    const progress = this.raft.leadership?.of(peer);
    if (progress?.state !== 'snapshot') return;
    progress.becomeProbe();
    // Wait for its answer, or for a heartbeat's, before asking.
    progress.probeSent = true;
  }

  hasReady(): boolean {
    return hasReady(this.raft);
  }

  takeReady(): Ready {
    return takeReady(this.raft);
  }

  persisted(lastIndex: LogIndex, lastTerm: Term, snapshotIndex: LogIndex): void {
    const { raft } = this;
    raft.log.written(lastIndex, lastTerm, snapshotIndex);
    onDurableVote(raft);
    const { leadership } = raft;
    if (leadership?.self?.acknowledge(raft.log.stableIndex) === true) maybeCommit(raft, leadership);
    this.check();
  }

  applied(index: LogIndex): void {
    this.raft.log.applied(index);
    this.raft.confs.appliedTo(index);
    this.check();
  }

  compacted(): void {
    const { log } = this.raft;
    invariant(log.firstIndex() <= log.handedIndex + 1, 'only what is applied is compacted');
  }

  canQuiesce(): boolean {
    return canQuiesce(this.raft);
  }

  status(): ReplicaStatus {
    return statusOf(this.raft);
  }

  commitIndex(): LogIndex {
    return this.raft.log.commitIndex;
  }

  entriesUncommittedBytes(): number {
    return this.raft.leadership?.uncommittedBytes ?? 0;
  }

  lastEntry(): Entry | null {
    return this.raft.log.lastPending();
  }

  /** What holds after every input, whatever it was. */
  private check(): void {
    const { log, leadership, role } = this.raft;
    invariant(log.appliedIndex <= log.handedIndex, 'nothing is applied before it is handed out');
    invariant(log.handedIndex <= log.commitIndex, 'nothing is handed out before it is committed');
    invariant(log.commitIndex <= log.lastIndex, 'nothing is committed beyond the log');
    invariant((leadership !== null) === (role === 'leader'), 'leaders and only they have peers');
  }
}
