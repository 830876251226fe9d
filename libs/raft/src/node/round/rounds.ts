import { logIndex, term } from '@metad/foundation';
import type { Clock } from '@metad/foundation';
import type { HardState, Ready, ReadState } from '../../core/index.js';
import type { NodeLog } from '../../storage/log-port.js';
import type { NodeStats } from '../node-stats.js';
import type { Partition } from '../partition/partition.js';
import type { Turns } from '../turns.js';
import { AppendBatch } from './append-batch.js';
import type { Applier } from './applier.js';

/** What a round asks of the rest of the node. */
export interface RoundHost {
  readonly proposalsPerRoundMax: number;
  readonly proposalBytesPerRoundMax: number;
  nextReadContext(): number;
  readRetryAt(): number;
  /** Messages of one Ready, to be sent with the frames of this turn. */
  post(partition: Partition, messages: Ready['messages']): void;
  /** The turn ends: send. Requests that arrived in it wait for `batch`, if there is one. */
  endTurn(batch: AppendBatch | null): void;
  /** A batch became durable and its messages are posted: send. */
  flush(): void;
  onRoleChange(partition: Partition): void;
  /** The log holds the snapshot of this Ready; the state machine does not yet. */
  onSnapshotStored(partition: Partition, ready: Ready): void;
  onPartitionFailed(partition: Partition, error: unknown): void;
  onLogFailed(error: unknown): void;
}

export interface RoundParts {
  readonly log: NodeLog;
  readonly applier: Applier;
  readonly turns: Turns;
  readonly clock: Clock;
  readonly stats: NodeStats;
}

/**
 * The loop of a node. A turn takes everything that has arrived, for all partitions:
 *
 *     proposals and reads → cores → Readys → messages that depend on nothing unsaved are sent
 *                                          → one durable write for all partitions
 *                                          → committed entries are applied, a slice at a time
 *     write durable       → messages that waited for it are sent, cores learn of it
 *
 * One write is under way at a time. Messages are taken in while it is, what they lead to gathers
 * for the next write; proposals wait outside, so that load makes batches larger, not queues longer.
 * Only partitions that something happened to are visited.
 */
export class Rounds {
  private dirty: Partition[] = [];
  private proposing: Partition[] = [];
  private gathering = new AppendBatch();
  private writing: AppendBatch | null = null;
  private lastWrite: Promise<void> = Promise.resolve();
  private scheduled = false;
  private stopped = false;

  constructor(
    private readonly parts: RoundParts,
    private readonly host: RoundHost,
  ) {}

  get isIdle(): boolean {
    const quiet = this.writing === null && this.gathering.items.length === 0;
    return quiet && !this.scheduled && this.parts.applier.isIdle;
  }

  /** Something happened to this partition's core. */
  touch(partition: Partition): void {
    if (!partition.dirty) {
      partition.dirty = true;
      this.dirty.push(partition);
    }
    this.schedule();
  }

  /** This partition has proposals queued. */
  touchProposals(partition: Partition): void {
    if (!partition.proposing) {
      partition.proposing = true;
      this.proposing.push(partition);
    }
    if (this.writing === null) this.schedule();
  }

  schedule(): void {
    if (this.scheduled || this.stopped) return;
    this.scheduled = true;
    this.parts.turns.next(this.turn);
  }

  /** No turn runs any more; what is being written is left to finish. */
  stop(): void {
    this.stopped = true;
  }

  /** Resolves when the write that is under way has ended. */
  settled(): Promise<void> {
    return this.lastWrite;
  }

  private readonly turn = (): void => {
    this.scheduled = false;
    if (this.stopped) return;
    if (this.writing === null) this.proposeQueued();
    this.collect();
    this.parts.applier.slice();
    this.collect();
    const batch = this.gathering.items.length > 0 ? this.gathering : null;
    this.host.endTurn(batch);
    if (this.writing === null && batch !== null) this.write(batch);
    if (this.dirty.length > 0 || !this.parts.applier.isIdle) this.schedule();
  };

  private proposeQueued(): void {
    const { proposing } = this;
    if (proposing.length === 0) return;
    this.proposing = [];
    for (const partition of proposing) {
      partition.proposing = false;
      if (partition.isLive) this.propose(partition);
    }
  }

  private propose(partition: Partition): void {
    const { proposals, replica } = partition;
    const { proposalsPerRoundMax, proposalBytesPerRoundMax } = this.host;
    const datas = proposals.peek(proposalsPerRoundMax, proposalBytesPerRoundMax);
    if (datas.length === 0) return;
    try {
      const result = replica.propose(datas);
      if (result.accepted) {
        proposals.accepted(datas.length, result.index, result.term);
        this.parts.stats.proposed(datas.length);
        if (proposals.queued > 0) this.touchProposals(partition); // The next round takes more.
      } else if (result.reason === 'notLeader' || result.reason === 'removed') {
        const { leader } = partition;
        proposals.dropQueued(leader === null ? 'noLeader' : 'notLeader', leader);
      } // Else they wait, for entries to be applied or for a transfer to end.
    } catch (error) {
      this.host.onPartitionFailed(partition, error);
      return;
    }
    this.touch(partition);
  }

  private collect(): void {
    while (this.dirty.length > 0) {
      const { dirty } = this;
      this.dirty = [];
      for (const partition of dirty) {
        partition.dirty = false;
        if (partition.isLive) this.collectOne(partition);
      }
    }
  }

  private collectOne(partition: Partition): void {
    const { replica, reads } = partition;
    try {
      if (reads.queued > 0) {
        reads.begin(replica, () => this.host.nextReadContext(), this.host.readRetryAt());
      }
      if (replica.hasReady()) this.take(partition, replica.takeReady());
    } catch (error) {
      this.host.onPartitionFailed(partition, error);
    }
  }

  private take(partition: Partition, ready: Ready): void {
    if (followRole(partition, ready)) this.host.onRoleChange(partition);
    if (ready.messages.length > 0) this.host.post(partition, ready.messages);
    for (const state of ready.readStates) answerReads(partition, state);
    if (ready.hardState !== null) noteHardState(partition, ready.hardState);
    if (ready.snapshot !== null) beginInstall(partition);
    if (ready.mustSync) this.gathering.add(partition, ready);
    else if (ready.awaitsPersist) this.acknowledgeInOrder(partition, ready);
    if (ready.committed.length > 0) this.parts.applier.enqueue(partition, ready.committed);
  }

  /** Has nothing to write itself: as soon as all before it is durable. */
  private acknowledgeInOrder(partition: Partition, ready: Ready): void {
    if (partition.openBatch !== null) partition.openBatch.acknowledge(partition, ready);
    else this.acknowledge(partition, ready);
  }

  private write(batch: AppendBatch): void {
    const { log, clock, stats } = this.parts;
    this.gathering = new AppendBatch();
    this.writing = batch;
    const startedAt = clock.monotonic();
    const written = (): void => {
      stats.wrote(batch.items.length, batch.entries, clock.monotonic() - startedAt);
      this.durable(batch);
    };
    const failed = (error: unknown): void => this.host.onLogFailed(error);
    this.lastWrite = log.append(batch.items, true).then(written, failed);
  }

  private durable(batch: AppendBatch): void {
    if (this.stopped) return;
    batch.durable = true;
    this.writing = null;
    for (const { owner, ready } of batch.items) {
      if (owner.openBatch === batch) owner.openBatch = null;
      if (owner.isLive) this.acknowledge(owner, ready);
    }
    this.host.flush();
    if (this.dirty.length > 0 || this.proposing.length > 0) this.schedule();
    else if (this.gathering.items.length > 0) this.schedule();
  }

  /** A Ready and all before it of its partition are durable. */
  private acknowledge(partition: Partition, ready: Ready): void {
    const last = ready.entries[ready.entries.length - 1];
    const { snapshot } = ready;
    try {
      if (ready.messagesAfterPersist.length > 0) {
        this.host.post(partition, ready.messagesAfterPersist);
      }
      partition.replica.persisted(
        last?.index ?? logIndex(0),
        last?.term ?? term(0),
        snapshot?.index ?? logIndex(0),
      );
      if (snapshot !== null) this.host.onSnapshotStored(partition, ready);
      if (partition.replica.hasReady()) this.touch(partition);
    } catch (error) {
      this.host.onPartitionFailed(partition, error);
    }
  }
}

function answerReads(partition: Partition, state: ReadState): void {
  partition.reads.answered(state.context, state.index);
}

/** Notes role, leader and term; true when one of them changed. */
function followRole(partition: Partition, { softState, hardState }: Ready): boolean {
  const before = partition.term;
  if (hardState !== null) partition.term = hardState.term;
  if (softState === null) return partition.term !== before;
  partition.role = softState.role;
  partition.leader = softState.leader; // May be null: nobody leads that this replica knows of.
  return true;
}

function noteHardState(partition: Partition, now: HardState): void {
  const before = partition.hardState;
  partition.commit = now.commit;
  if (before?.term !== now.term || before.vote !== now.vote) partition.hardState = now;
}

/** What was to be applied lies behind the snapshot; the state machine waits for it. */
function beginInstall(partition: Partition): void {
  partition.state = 'installing';
  partition.applying.clear();
}
