import type { LogIndex, NodeName, PartitionId } from '@metad/foundation';
import type { Message, Ready } from '../core/index.js';
import { Activity } from './activity.js';
import { Failover, isCandidacy } from './leadership/failover.js';
import { LeadershipSpreader } from './leadership/leadership-spreader.js';
import { OwnBeat } from './leadership/own-beat.js';
import { FRAME_KIND, type QuietNotice } from './frame/round-frame.js';
import { tickTimes, type NodeLimits, type RaftNodeOptions } from './node-options.js';
import { countFrames, countPartitions, NodeStats, type NodeStatsSnapshot } from './node-stats.js';
import type { Partition } from './partition/partition.js';
import { Refills } from './partition/refills.js';
import type { LivenessChange } from './peer/liveness.js';
import { Peers } from './peer/peers.js';
import type { LeaderChange } from './raft-node-port.js';
import { Ticker } from './ticker.js';
import { Applier } from './round/applier.js';
import { Rounds } from './round/rounds.js';
import { SnapshotKeeper } from './snapshot/snapshot-keeper.js';

const intervalTicks = 20; // Between looks at loads and worst delays.
const stallTicks = 4; // A tick that comes later than this ends a stall of the loop.

/**
 * Puts the parts of a node together and drives them by one timer. Decides nothing itself; each
 * handler below is one event and says which parts must know of it.
 */
export class Engine {
  readonly partitions = new Map<PartitionId, Partition>();
  readonly stats = new NodeStats();
  readonly peers: Peers;
  readonly rounds: Rounds;
  readonly activity: Activity;
  readonly snapshots: SnapshotKeeper;
  readonly refills: Refills;
  readonly leaderListeners: ((change: LeaderChange) => void)[] = [];
  readonly tickListeners: (() => void)[] = []; // Called after every tick.
  draining = false;
  stopped = false;
  private readonly applier: Applier;
  private readonly failover: Failover;
  private readonly spreader: LeadershipSpreader;
  private readonly spreadTicks: number;
  /** Tick of the last change of any leader: nothing is moved while elections go on. */
  private leadersChangedAt = 0;
  private readonly watched = new Set<Partition>(); // Somebody waits there, until a deadline.
  private readonly tickMs: number;
  private readonly retryMs: number;
  private readonly beat: OwnBeat;
  private readContext: number;
  private ticks = 0;
  private readonly ticker: Ticker;

  constructor(
    private readonly options: RaftNodeOptions,
    private readonly limits: NodeLimits,
  ) {
    const { random } = options;
    const { tickMs, electionTicks } = tickTimes(limits);
    this.tickMs = tickMs;
    this.ticker = new Ticker(options.clock, options.turns, tickMs, (late) => this.tick(late));
    this.retryMs = Math.max(tickMs, limits.electionMs / 4);
    this.beat = new OwnBeat(random.below(0x1_0000_0000));
    // Contexts of an earlier life must not be taken for ours: an old answer would be too low.
    this.readContext = random.below(0x1_0000_0000) * 0x10_0000;
    this.peers = new Peers(options.self, options.transport, this.peerEvents(), {
      framesInFlightMax: limits.framesInFlightMax,
      frameBytesTarget: Math.min(limits.frameBytesTarget, options.transport.frameBytesMax >> 1),
      gatheredBytesMax: limits.gatheredBytesMax,
      requestTimeoutMs: limits.electionMs,
      silenceTicks: Math.ceil(electionTicks * 1.5),
      beatTicks: 2,
    });
    this.applier = this.makeApplier();
    this.rounds = this.makeRounds();
    this.activity = new Activity(this.peers, limits.quietAfterTicks);
    this.failover = new Failover(this.peers, this.activity);
    this.spreader = new LeadershipSpreader(this.peers, (partition, to) =>
      this.giveTo(partition, to),
    );
    this.spreadTicks = Math.max(1, Math.round(limits.spreadMs / tickMs));
    this.refills = new Refills(options, limits, {
      partition: (id) => this.partitions.get(id) ?? null,
      onTakingPart: (partition) => this.onTakingPart(partition),
      onAsked: (partition) => this.activity.wake(partition),
      onLogFailed: (error) => this.onLogFailed(error),
      onFailed: (partition, error) => this.fail(partition, error),
    });
    this.snapshots = new SnapshotKeeper(options, limits, {
      onInstalled: (partition, index) => this.onInstalled(partition, index),
      onFailed: (partition, error) => this.fail(partition, error),
      onTransferred: (partition, peer, delivered) => this.onTransferred(partition, peer, delivered),
      onMessage: (partition, message) => this.onMessage(partition, message),
      onMalformed: () => {
        this.stats.malformedFrames += 1;
      },
      partition: (id) => this.partitions.get(id) ?? null,
    });
  }

  async start(): Promise<void> {
    await this.peers.listen();
    this.ticker.start();
  }

  add(partition: Partition): void {
    this.partitions.set(partition.id, partition);
    if (partition.refill === null) {
      this.activity.add(partition);
      this.failover.onOpened(partition);
    }
    this.rounds.touch(partition);
  }

  /** Somebody waits for something in this partition. */
  watch(partition: Partition): void {
    if (partition.watched) return;
    partition.watched = true;
    this.watched.add(partition);
  }

  /** No new proposals; nobody gives a leadership to this node any more. */
  drain(): void {
    this.draining = true;
    this.beat.setDraining(true);
  }

  undrain(): void {
    this.draining = false;
    this.beat.setDraining(false);
  }

  /** Ends all activity: no ticks, no turns, no messages; everybody who waits is told. */
  halt(reason: string): void {
    if (this.stopped) return;
    this.stopped = true;
    this.rounds.stop();
    this.ticker.stop();
    for (const partition of this.partitions.values()) partition.settleAll(reason);
  }

  nextReadContext(): number {
    this.readContext += 1;
    return this.readContext;
  }

  /** Resolves when the write that was under way has ended. */
  settled(): Promise<void> {
    return this.rounds.settled();
  }

  statsSnapshot(proposalsInFlight: number): NodeStatsSnapshot {
    const { taken: snapshotsTaken, failures: snapshotFailures } = this.snapshots;
    return {
      ...this.stats.counters(),
      ...countPartitions(this.partitions.values()),
      ...countFrames(this.peers.all()),
      ...{ proposalsInFlight, snapshotsTaken, snapshotFailures },
    };
  }

  /** Stops one replica for good; the others go on. */
  fail(partition: Partition, fault: unknown): void {
    if (partition.state === 'stopped') return;
    const error = fault instanceof Error ? fault : new Error(String(fault));
    partition.state = 'stopped';
    partition.reason = error.message;
    partition.role = 'follower';
    partition.leader = null;
    partition.serving = false;
    this.activity.remove(partition);
    partition.settleAll(error.message);
    this.announce(partition);
    this.options.onPartitionStopped?.(partition.id, error);
  }

  private makeApplier(): Applier {
    return new Applier({
      entriesPerTurn: this.limits.applyEntriesPerTurn,
      entriesPerPartitionTurn: this.limits.applyEntriesPerPartitionTurn,
      onApplied: (partition, count) => this.onApplied(partition, count),
      onApplyFailed: (partition, error) => this.fail(partition, error),
    });
  }

  private makeRounds(): Rounds {
    const { log, turns, clock } = this.options;
    const parts = { log, turns, clock, applier: this.applier, stats: this.stats };
    return new Rounds(parts, {
      proposalsPerRoundMax: this.limits.proposalsPerRoundMax,
      proposalBytesPerRoundMax: this.limits.uncommittedBytesMax >> 2,
      nextReadContext: () => this.nextReadContext(),
      readRetryAt: () => clock.monotonic() + this.retryMs,
      post: (partition, messages) => this.post(partition, messages),
      endTurn: (batch) => this.peers.endTurn(batch),
      flush: () => this.peers.flush(),
      onRoleChange: (partition) => this.onRoleChange(partition),
      onSnapshotStored: (partition, ready) => this.onSnapshotStored(partition, ready),
      onPartitionFailed: (partition, error) => this.fail(partition, error),
      onLogFailed: (error) => this.onLogFailed(error),
    });
  }

  private peerEvents(): ConstructorParameters<typeof Peers>[2] {
    return {
      beat: () => this.beat.current,
      onMessage: (id, message) => {
        const partition = this.partitions.get(id);
        if (partition !== undefined) this.onMessage(partition, message);
      },
      onQuiet: (from, notice) => this.onQuiet(from, notice),
      onAwake: (id) => this.wakeById(id),
      onUnreachable: (id, peer) => this.onUnreachable(id, peer),
      onQuietLost: (id) => this.wakeById(id),
      onPeerChange: (peer, change) => this.onPeerChange(peer, change),
      onSideFrame: (from, frame, respond) => {
        if (frame[0] === FRAME_KIND.snapshot) this.snapshots.onFrame(from, frame, respond);
        else this.refills.onFrame(frame, respond);
      },
      onMalformed: () => {
        this.stats.malformedFrames += 1;
      },
      onInput: () => this.rounds.schedule(),
    };
  }

  private tick(lateMs: number): void {
    if (this.stopped) return;
    this.ticks += 1;
    this.stats.ticked(lateMs);
    // Who was busy for longer speaks at once, before the others grow impatient.
    const stalled = lateMs > stallTicks * this.tickMs;
    for (const partition of this.activity.partitions()) this.tickPartition(partition, stalled);
    this.failover.endTick();
    this.peers.tick();
    this.sweep();
    if (this.ticks % intervalTicks === 0) this.endInterval();
    this.refills.tick();
    this.maybeSpread();
    for (const listener of this.tickListeners) listener();
    this.rounds.schedule();
  }

  private tickPartition(partition: Partition, stalled: boolean): void {
    try {
      const { replica } = partition;
      let stirred = this.failover.tick(partition) || replica.tick();
      if (stalled && partition.role === 'leader') stirred = replica.tick() || stirred; // To speak.
      if (stirred && replica.hasReady()) this.rounds.touch(partition);
      else if (!partition.dirty) this.activity.maybeRest(partition);
    } catch (error) {
      this.fail(partition, error);
    }
  }

  private sweep(): void {
    const now = this.options.clock.monotonic();
    for (const partition of this.watched) {
      const { proposals, reads, waiters } = partition;
      proposals.expire(now);
      reads.sweep(now);
      waiters.sweep(now);
      if (reads.queued > 0) this.rounds.touch(partition);
      if (proposals.queued > 0) this.rounds.touchProposals(partition);
      if (proposals.inFlight + reads.waiting + waiters.waiting === 0) {
        this.watched.delete(partition);
        partition.watched = false;
      }
    }
  }

  private endInterval(): void {
    this.stats.endInterval();
    this.beat.measure(this.partitions.values(), (intervalTicks * this.tickMs) / 1000);
  }

  /** Orders a transfer; the partition wakes for it. */
  giveTo(partition: Partition, to: NodeName): void {
    this.activity.wake(partition);
    partition.replica.transferLeadership(to);
    this.rounds.touch(partition);
  }

  private maybeSpread(): void {
    if (this.ticks % this.spreadTicks !== 0 || this.draining) return;
    if (this.ticks - this.leadersChangedAt < this.spreadTicks) return;
    this.spreader.step(this.partitions.values());
  }

  private post(partition: Partition, messages: Ready['messages']): void {
    for (const message of messages) {
      if (message.kind === 'installSnapshot') this.snapshots.send(partition, message);
      else this.peers.of(message.to).post(partition.id, message);
    }
  }

  private onMessage(partition: Partition, message: Message): void {
    if (!partition.isLive || this.stopped) return;
    this.activity.onMessage(partition, message);
    try {
      if (isCandidacy(message)) this.failover.onCandidate(partition, message);
      partition.replica.step(message);
      this.rounds.touch(partition);
    } catch (error) {
      this.fail(partition, error);
    }
  }

  private onQuiet(from: NodeName, notice: QuietNotice): void {
    const partition = this.partitions.get(notice.partition);
    if (partition === undefined || !partition.isLive) return;
    if (!this.activity.onQuiet(partition, from, notice)) {
      this.peers.of(from).postAwake(partition.id);
    }
  }

  private wakeById(id: PartitionId): void {
    const partition = this.partitions.get(id);
    if (partition !== undefined) this.activity.wake(partition);
  }

  private onUnreachable(id: PartitionId, peer: NodeName): void {
    const partition = this.partitions.get(id);
    if (partition === undefined || !partition.isLive) return;
    partition.replica.reportUnreachable(peer);
    this.rounds.touch(partition);
  }

  private onPeerChange(peer: NodeName, change: LivenessChange): void {
    const touched = this.failover.onPeerChange(peer, change, this.partitions.values());
    for (const partition of touched) this.rounds.touch(partition);
  }

  private onRoleChange(partition: Partition): void {
    partition.serving = false;
    this.leadersChangedAt = this.ticks;
    if (partition.role !== 'leader') {
      const { leader } = partition;
      partition.proposals.dropQueued(leader === null ? 'noLeader' : 'notLeader', leader);
    }
    this.announce(partition);
  }

  private onApplied(partition: Partition, count: number): void {
    const { appliedIndex, replica, waiters, proposals } = partition;
    this.stats.applied += count;
    partition.appliedSince += count;
    partition.idleTicks = 0;
    if (partition.role === 'leader') {
      if (!partition.serving && partition.stored.termAt(appliedIndex) === partition.term) {
        partition.serving = true;
        this.announce(partition);
      }
    }
    replica.applied(appliedIndex);
    if (waiters.waiting > 0) waiters.reached(appliedIndex);
    if (proposals.queued > 0) this.rounds.touchProposals(partition);
    if (replica.hasReady()) this.rounds.touch(partition);
    this.snapshots.maybeTake(partition);
  }

  private onSnapshotStored(partition: Partition, ready: Ready): void {
    if (ready.snapshot !== null) this.snapshots.install(partition, ready.snapshot);
  }

  private onInstalled(partition: Partition, index: LogIndex): void {
    if (partition.state !== 'installing') return; // It was stopped meanwhile.
    partition.appliedIndex = index;
    partition.snapshotIndex = index;
    partition.proposals.skippedTo(index);
    partition.replica.applied(index);
    partition.waiters.reached(index);
    partition.state = partition.refill === null ? 'running' : 'corrupt';
    this.applier.resume(partition);
    this.rounds.touch(partition);
  }

  private onTakingPart(partition: Partition): void {
    this.activity.add(partition);
    this.rounds.touch(partition);
  }

  private onTransferred(partition: Partition, peer: NodeName, delivered: boolean): void {
    if (!partition.isLive) return;
    partition.replica.reportSnapshot(peer, delivered);
    this.rounds.touch(partition);
  }

  private onLogFailed(fault: unknown): void {
    if (this.stopped) return;
    const error = fault instanceof Error ? fault : new Error(String(fault));
    this.halt(`the log failed: ${error.message}`);
    this.options.onFatal(error);
  }

  private announce(partition: Partition): void {
    const { id, term, leader, serving } = partition;
    const change = { partition: id, term, leader, serving };
    for (const listener of this.leaderListeners) listener(change);
  }
}
