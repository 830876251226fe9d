import { logIndex, term } from '@metad/foundation';
import type { LogIndex, NodeName } from '@metad/foundation';
import type {
  ConfChange,
  ConfState,
  Message,
  Ready,
  Replica,
  ReplicaOptions,
  ReplicaStatus,
  SnapshotMeta,
} from '../../../core/index.js';
import { replicaOptions } from '../../replica-group.js';
import type { DiskFaults } from '../faults/plan.js';
import type { Oracle, Witness } from '../oracle/oracle.js';
import { KvMachine } from '../workload/kv-machine.js';
import type { KvBugs } from '../workload/kv-machine.js';
import type { Host } from '../world/host.js';
import { CoreDisk } from './core-disk.js';
import { PendingOutcomes } from './pending-outcomes.js';
import { raftOf } from './raft-of.js';
import type { ProposalFate, SimNode } from './sim-node.js';

/** What the nodes of a simulated group share. */
export interface CoreGroup {
  readonly oracle: Oracle;
  readonly bootstrap: ConfState;
  readonly tickMs: number;
  readonly options: Partial<ReplicaOptions>;
  readonly snapshotEntries: number;
  readonly bugs: KvBugs;
  createReplica(options: ReplicaOptions): Replica;
  /** An `installSnapshot` carries the image along. */
  send(message: Message, image: Uint8Array | null): void;
}

/**
 * The core with the smallest driver that is right, on a simulated disk: many times faster than a
 * whole node, and the first place where a fault of the core shows.
 */
export class CoreNode implements SimNode {
  readonly name: NodeName;
  readonly disk: CoreDisk;
  readonly damaged = false;
  readonly lastTrouble = null;
  private replica: Replica | null = null;
  private machine: KvMachine;
  private outcomes = new PendingOutcomes();
  private snapshotAt = logIndex(0);
  /** On its own clock: until when the core has its ticks. */
  private tickedUntil = 0;
  /** Images that belong to snapshots on their way into the core, by index. */
  private images = new Map<LogIndex, Uint8Array>();

  constructor(
    readonly host: Host,
    private readonly group: CoreGroup,
  ) {
    this.name = host.name;
    this.disk = new CoreDisk(host, group.bootstrap);
    this.machine = this.newMachine();
  }

  start(): void {
    const { disk, group, host } = this;
    host.boot();
    const { index, conf } = disk.log.snapshot();
    this.machine = this.newMachine();
    if (disk.image !== null) this.machine.load(disk.image);
    this.snapshotAt = index;
    const { hardState } = disk;
    const seed = host.world.random.below(1 << 30);
    const overrides = { ...group.options, hardState, conf, applied: index, seed };
    this.replica = group.createReplica(replicaOptions(this.name, disk.log, overrides));
    this.tickedUntil = host.clock.monotonic();
    host.later(host.world.random.fraction() * group.tickMs, () => this.ticking());
  }

  crash(): void {
    this.host.kill();
    this.disk.crash();
    this.replica = null;
    this.images.clear();
    this.outcomes = new PendingOutcomes();
  }

  receive(message: Message, image: Uint8Array | null): void {
    this.host.run(() => {
      if (message.kind === 'installSnapshot' && image !== null) {
        this.images.set(message.snapshot.index, image);
      }
      this.catchUp();
      this.replica?.step(message);
      this.work();
    });
  }

  propose(data: Uint8Array, done: (fate: ProposalFate) => void): void {
    this.catchUp();
    const result = this.replica?.propose([data]);
    if (result?.accepted !== true) {
      done('dropped');
      return;
    }
    this.outcomes.await(result.index, result.term, done);
    this.work();
  }

  read(key: string, done: (value: string | null) => void): void {
    if (this.replica === null) return;
    this.catchUp();
    const context = this.outcomes.awaitRead((index) => {
      if (index === 0) done(null);
      else this.outcomes.awaitApplied(index, () => done(this.machine.get(key)));
    });
    this.replica.readIndex(context);
    this.work();
  }

  status(): ReplicaStatus | null {
    return this.replica?.status() ?? null;
  }

  witness(): Witness | null {
    const { name, host, replica } = this;
    if (replica === null) return null;
    return { name, life: host.life, raft: raftOf(replica) };
  }

  transfer(to: NodeName): void {
    this.act((replica) => replica.transferLeadership(to));
  }

  changeMembers(change: ConfChange): void {
    this.act((replica) => replica.proposeConfChange(change));
  }

  leaderGone(leader: NodeName, campaign: boolean): void {
    this.act((replica) => {
      if (replica.status().leader !== leader) return;
      if (campaign) replica.campaign();
      else replica.forgetLeader();
    });
  }

  get counts(): Readonly<Record<string, number>> {
    const { writes: _writes, ...counts } = this.disk.counts;
    return counts;
  }

  diskFaults(faults: DiskFaults): void {
    this.disk.faults = faults;
  }

  // The disk of a core has no files that could be full, fail or rot: see WholeNode.
  fullDisk(): void {}
  failSync(): void {}
  rot(): void {}

  slowDisk(factor: number): void {
    this.disk.slowness = factor;
  }

  snapshot(): void {
    const { replica, disk, machine } = this;
    if (replica === null || machine.appliedIndex() <= disk.log.snapshot().index) return;
    const { applied: index, conf } = replica.status();
    const at = disk.log.termAt(index);
    if (at === null || index !== machine.appliedIndex()) return;
    const meta: SnapshotMeta = { index, term: at, conf };
    const image = machine.serialize();
    this.snapshotAt = index;
    // The image becomes durable first, then the log may forget.
    this.host.later(disk.faults.syncMs, () => {
      if (index <= disk.log.snapshot().index || disk.log.termAt(index) !== at) return;
      disk.image = image;
      const trailing = this.host.world.random.below(20);
      disk.log.compact(meta, logIndex(Math.max(disk.log.firstIndex() - 1, index - trailing)));
      replica.compacted();
    });
  }

  private act(what: (replica: Replica) => void): void {
    this.host.run(() => {
      this.catchUp();
      if (this.replica !== null) what(this.replica);
      this.work();
    });
  }

  private ticking(): void {
    this.host.clock.after(this.group.tickMs, () => this.ticking());
    if (this.group.options.leaseReads === true) this.catchUp();
    else this.replica?.tick(); // One for a whole pause: nobody holds that against a leader.
    this.work();
  }

  /** A lease must have run out before the first read after a pause is looked at. */
  private catchUp(): void {
    const { options, tickMs } = this.group;
    if (options.leaseReads !== true) return;
    for (const now = this.host.clock.monotonic(); this.tickedUntil + tickMs <= now;) {
      this.tickedUntil += tickMs;
      this.replica?.tick();
    }
  }

  private newMachine(): KvMachine {
    const { group, name } = this;
    const observer = {
      applied: group.oracle.onApply.bind(group.oracle, name),
      restored: group.oracle.onRestore.bind(group.oracle, name),
    };
    return new KvMachine(observer, group.bugs);
  }

  private work(): void {
    while (this.replica?.hasReady() === true) this.perform(this.replica.takeReady());
  }

  private perform(ready: Ready): void {
    const { life } = this.host;
    const image = ready.snapshot === null ? null : this.imageOf(ready.snapshot);
    this.post(ready.messages);
    for (const { context, index } of ready.readStates) this.outcomes.readAt(context, index);
    this.disk.write(ready, image, () => {
      if (this.host.life === life) this.written(ready, image);
    });
    for (const entry of ready.committed) {
      this.machine.apply(entry);
      this.outcomes.applied(entry);
    }
    const last = ready.committed[ready.committed.length - 1];
    if (last !== undefined) this.replica?.applied(last.index);
    if (ready.softState !== null && ready.softState.role !== 'leader') this.outcomes.lost();
    if (this.machine.appliedIndex() - this.snapshotAt >= this.group.snapshotEntries) {
      this.snapshot();
    }
  }

  private written(ready: Ready, image: Uint8Array | null): void {
    const last = ready.entries[ready.entries.length - 1];
    const snapshotIndex = ready.snapshot?.index ?? logIndex(0);
    if (ready.awaitsPersist) {
      this.replica?.persisted(last?.index ?? logIndex(0), last?.term ?? term(0), snapshotIndex);
    }
    if (image !== null && snapshotIndex > this.machine.appliedIndex()) {
      this.machine.load(image);
      this.snapshotAt = snapshotIndex;
      this.replica?.applied(snapshotIndex);
      this.outcomes.appliedTo(snapshotIndex);
    }
    this.post(ready.messagesAfterPersist);
    this.work();
  }

  private imageOf(snapshot: SnapshotMeta): Uint8Array {
    const image = this.images.get(snapshot.index);
    if (image === undefined) throw new Error(`no image of snapshot ${snapshot.index}`);
    this.images.clear();
    return image;
  }

  private post(messages: readonly Message[]): void {
    for (const message of messages) {
      const isSnapshot = message.kind === 'installSnapshot';
      this.group.send(message, isSnapshot ? this.disk.image : null);
    }
  }
}
