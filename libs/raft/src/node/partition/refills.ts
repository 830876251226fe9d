import { logIndex } from '@metad/foundation';
import type { PartitionId } from '@metad/foundation';
import { DecodeError } from '../../codec/index.js';
import { decodeInquiry, encodeInquiryAnswer } from '../frame/inquiry-frame.js';
import type { NodeLimits, RaftNodeOptions } from '../node-options.js';
import { startReplica } from './open-partition.js';
import type { Partition } from './partition.js';
import { Refill } from './refill.js';

/** Ticks between two steps of a refill. */
const stepTicks = 5;

export interface RefillsHost {
  partition(id: PartitionId): Partition | null;
  /** A replica is whole again and takes part. */
  onHealed(partition: Partition): void;
  onFailed(partition: Partition, error: unknown): void;
}

/** The corrupt replicas of this node on their way back, and answers to those of others. */
export class Refills {
  private readonly open = new Map<Partition, Refill>();
  private ticks = 0;

  constructor(
    private readonly options: RaftNodeOptions,
    private readonly limits: NodeLimits,
    private readonly host: RefillsHost,
  ) {}

  /** Marks a partition corrupt and starts to bring it back, if there is a `damage`. */
  begin(partition: Partition, damage: string | null): void {
    if (damage === null) return;
    const refill = new Refill(partition, this.options, {
      restart: (from) => {
        const { stored, appliedIndex } = partition;
        const commit = logIndex(Math.max(appliedIndex, stored.snapshot().index));
        const hardState = { term: from, vote: null, commit };
        const { options, limits } = this;
        partition.replica = startReplica(partition.id, hardState, appliedIndex, options, limits);
        partition.term = from;
      },
      onHealed: () => this.onHealed(partition),
      onFailed: (error) => this.host.onFailed(partition, error),
    });
    partition.state = 'corrupt';
    partition.reason = damage;
    partition.refill = refill;
    this.open.set(partition, refill);
  }

  tick(): void {
    this.ticks += 1;
    if (this.open.size === 0 || this.ticks % stepTicks !== 0) return;
    for (const refill of this.open.values()) refill.step();
  }

  /** Another node's replica asks how far terms have gone here. */
  onFrame(frame: Uint8Array, respond: (reply: Uint8Array) => void): void {
    let partition: Partition | null;
    try {
      partition = this.host.partition(decodeInquiry(frame));
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return; // Not a question that can be answered: the other one times out.
    }
    if (partition === null || !partition.isLive || partition.refill !== null) {
      respond(encodeInquiryAnswer(null));
      return;
    }
    const { term, confInForce: conf } = partition.replica.status();
    respond(encodeInquiryAnswer({ term, conf }));
  }

  private onHealed(partition: Partition): void {
    this.open.delete(partition);
    partition.refill = null;
    partition.state = 'running';
    partition.reason = null;
    this.host.onHealed(partition);
  }
}
