import { partitionId, seededRandom } from '@metad/foundation';
import type { Clock, NodeName, Random } from '@metad/foundation';
import type { ConfChange, ConfState, ReplicaStatus } from '../../../core/index.js';
import type { NodeLimits } from '../../../node/node-options.js';
import { createRaftNode } from '../../../node/raft-driver.js';
import type { PartitionStatus, RaftNode } from '../../../node/raft-node-port.js';
import type { NodeLog } from '../../../storage/log-port.js';
import { openNodeLog } from '../../../storage/log/open-node-log.js';
import { openSnapshotStore } from '../../../storage/snapshots/file-snapshot-store.js';
import type { MemoryHub } from '../../../transport/memory-transport.js';
import type { Transport } from '../../../transport/transport-port.js';
import { SimulatedDisk } from '../../simulated-disk.js';
import type { DiskFaults } from '../faults/plan.js';
import { plant } from '../faults/sabotage.js';
import type { Sabotage } from '../faults/sabotage.js';
import type { Oracle, Witness } from '../oracle/oracle.js';
import { Violation } from '../oracle/violation.js';
import { HONEST, KvMachine } from '../workload/kv-machine.js';
import type { Host } from '../world/host.js';
import { partitionOf, raftOf } from './raft-of.js';
import type { ProposalFate, SimNode } from './sim-node.js';
import { transportOf } from './sim-transport.js';

const PARTITION = partitionId(1);
const DIRECTORY = '/data';
const SEGMENT_BYTES = 32 * 1024;

/** What the whole nodes of a run share. */
export interface WholeGroup {
  readonly oracle: Oracle;
  readonly bootstrap: ConfState;
  readonly limits: Partial<NodeLimits>;
  readonly sabotage: Sabotage | null;
  readonly hub: MemoryHub;
  /** Time as it really passes: what disks and wires obey. */
  readonly trueClock: Clock;
}

/** What one life of the process is made of. */
interface Life {
  readonly node: RaftNode;
  readonly log: NodeLog;
  readonly transport: Transport;
  readonly machine: () => KvMachine | null;
}

/** A node as it runs in production, but for its disk, its wires, its clock and its turns. */
export class WholeNode implements SimNode {
  readonly name: NodeName;
  readonly disk: SimulatedDisk;
  readonly counts: Record<string, number> = {};
  /** The life in which its log was damaged last, until a later one is whole again. */
  private damagedIn: number | null = null;
  lastTrouble: string | null = null;
  private readonly random: Random;
  private running: Life | null = null;
  private syncMs = 1;

  constructor(
    readonly host: Host,
    private readonly group: WholeGroup,
    seed: number,
  ) {
    this.name = host.name;
    this.random = seededRandom(seed);
    this.disk = new SimulatedDisk({ clock: group.trueClock, seed });
  }

  get damaged(): boolean {
    const isWhole = this.damagedIn !== this.host.life && this.partition() !== null;
    if (isWhole) this.damagedIn = null;
    return this.damagedIn !== null;
  }

  start(): void {
    const { host } = this;
    host.boot();
    const { life } = host;
    this.boot().then(
      (running) => {
        if (host.life === life) this.running = running;
      },
      (fault: unknown) => {
        if (host.life === life) this.onBootFailed(fault);
      },
    );
  }

  crash(): void {
    this.count('powerLosses');
    this.leave();
    this.disk.crash();
  }

  /**
   * The process dies of its disk; the machine is started again after a while. Its power is cycled,
   * since after a failed sync the page cache shows what the platter does not have.
   */
  private die(reason: string): void {
    this.count(reason);
    this.leave();
    this.disk.crash();
    this.host.world.after(200, () => {
      if (!this.host.up) this.start();
    });
  }

  propose(data: Uint8Array, done: (fate: ProposalFate) => void): void {
    if (this.running === null) return done('dropped');
    this.running.node.propose(PARTITION, data, {
      applied: (_result, index) => done({ index }),
      dropped: () => done('dropped'),
      unknown: () => done('unknown'),
    });
  }

  read(key: string, done: (value: string | null) => void): void {
    const { running } = this;
    if (running === null) return;
    const read = async (): Promise<string | null> => {
      const index = await running.node.readIndex(PARTITION, 1_000);
      const applied = await running.node.waitApplied(PARTITION, index, 1_000);
      return applied ? (running.machine()?.get(key) ?? null) : null;
    };
    read().then(done, () => done(null));
  }

  status(): ReplicaStatus | null {
    return this.partition();
  }

  witness(): Witness | null {
    if (this.running === null) return null;
    const { state, replica } = partitionOf(this.running.node, PARTITION);
    if (state === 'stopped' || state === 'corrupt') return null;
    return { name: this.name, life: this.host.life, raft: raftOf(replica) };
  }

  transfer(to: NodeName): void {
    this.host.run(() => {
      this.running?.node.transferLeadership(PARTITION, to).catch(() => this.count('noTransfer'));
    });
  }

  changeMembers(change: ConfChange): void {
    const ignore = (): void => undefined;
    const observer = { applied: ignore, dropped: ignore, unknown: ignore };
    this.host.run(() => this.running?.node.proposeConfChange(PARTITION, change, observer));
  }

  leaderGone(): void {
    // The driver finds out by itself, from the transport.
  }

  snapshot(): void {
    // The driver takes them by itself.
  }

  diskFaults({ syncMs }: DiskFaults): void {
    this.syncMs = syncMs;
    this.disk.syncMs = syncMs;
  }

  slowDisk(factor: number): void {
    this.disk.syncMs = Math.min(3_000, this.syncMs * factor);
  }

  fullDisk(full: boolean): void {
    if (full) this.count('fullDisks');
    this.disk.capacityBytes = full ? 0 : Infinity;
  }

  failSync(): void {
    this.count('failingSyncs');
    this.disk.failNextSyncs(1);
  }

  /**
   * A bit turns or a write goes astray; found when the node starts the next time. Every other time
   * it hits the newest records, which look like a torn write then.
   */
  rot(): void {
    const endOf = (path: string): number =>
      this.disk
        .bytesOf(path)
        .subarray(0, SEGMENT_BYTES)
        .findLastIndex((byte) => byte !== 0);
    const inLog = this.disk.paths().filter((path) => path.includes('/log/'));
    const segments = inLog.filter((path) => endOf(path) >= 256);
    const newest = this.random.below(2) > 0;
    const path = segments.at(newest ? -1 : this.random.below(Math.max(1, segments.length)));
    if (path === undefined) return;
    const end = endOf(path);
    this.damagedIn = this.host.life;
    if (newest) this.count('newestRecordsHit');
    const at = newest ? end - this.random.below(200) : this.random.below(end);
    if (this.random.below(2) > 0) {
      this.count('flippedBits');
      this.disk.flipBit(path, at, this.random.below(8));
    } else {
      this.count('misdirectedWrites');
      this.misdirect(path, this.random.below(SEGMENT_BYTES >> 9), at >> 9);
    }
  }

  /** What was meant for one sector is found in another. */
  private misdirect(path: string, from: number, to: number): void {
    const bytes = this.disk.bytesOf(path);
    for (let at = 0; at < 512; at += 1) {
      const turned = (bytes[from * 512 + at] ?? 0) ^ (bytes[to * 512 + at] ?? 0);
      for (let bit = 0; bit < 8; bit += 1) {
        if ((turned >> bit) & 1) this.disk.flipBit(path, to * 512 + at, bit);
      }
    }
  }

  private async boot(): Promise<Life> {
    const { host, group, name, disk } = this;
    const { clock } = host;
    const owner = { cluster: 'simulation', node: name };
    const fileSystem = group.sabotage?.fileSystem?.(disk) ?? disk;
    const options = { ...owner, directory: DIRECTORY, clock, fileSystem };
    const log = await openNodeLog({ ...options, segmentBytes: SEGMENT_BYTES, syncMode: 'pool' });
    const snapshots = openSnapshotStore({ directory: DIRECTORY, fileSystem: disk });
    const transport = transportOf(group.hub, host);
    let machine: KvMachine | null = null;
    const { life } = host;
    const node = createRaftNode({
      self: name,
      log,
      snapshots,
      transport,
      stateMachine: () => {
        machine = this.newMachine(life);
        return machine;
      },
      clock,
      random: seededRandom(this.random.below(1 << 30)),
      turns: { next: (callback) => void host.later(0, callback) },
      onFatal: (fault) => this.onFatal(life, fault),
      onPartitionStopped: (_partition, fault) => this.onStopped(life, fault),
      limits: group.limits,
    });
    await node.start();
    await node.openPartition(PARTITION, group.bootstrap);
    plant(group.sabotage, partitionOf(node, PARTITION).replica);
    return { node, log, transport, machine: () => machine };
  }

  /** Tells the oracle only while this life of the process lasts. */
  private newMachine(life: number): KvMachine {
    const { host, name } = this;
    const { oracle, sabotage } = this.group;
    return new KvMachine(
      {
        applied: (entry, effect, digest) => {
          if (host.life === life) oracle.onApply(name, entry, effect, digest);
        },
        restored: (index, digest) => {
          if (host.life === life) oracle.onRestore(name, index, digest);
        },
      },
      sabotage?.machine ?? HONEST,
    );
  }

  private partition(): PartitionStatus | null {
    const status = this.running?.node.status(PARTITION) ?? null;
    const dead = status?.state === 'stopped' || status?.state === 'corrupt';
    return dead ? null : status;
  }

  private leave(): void {
    this.host.kill();
    const { running } = this;
    this.running = null;
    void running?.transport.close();
    void running?.node.stop();
  }

  private onFatal(life: number, fault: Error): void {
    if (this.host.life !== life) return;
    this.lastTrouble = String(fault);
    this.die('fatal');
  }

  private onBootFailed(fault: unknown): void {
    this.lastTrouble = String(fault);
    this.die('failedBoots');
  }

  private onStopped(life: number, fault: Error): void {
    if (this.host.life !== life) return;
    const { world } = this.host;
    world.fail(
      fault instanceof Violation ? fault : new Violation(`${this.name}: ${fault.message}`),
    );
  }

  private count(kind: string): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
  }
}
