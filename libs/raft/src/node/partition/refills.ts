import type { PartitionId } from '@metad/foundation';
import { DecodeError } from '../../codec/index.js';
import type { Damage } from '../../storage/log-port.js';
import { decodeInquiry, encodeInquiryAnswer } from '../frame/inquiry-frame.js';
import { FRAME_KIND } from '../frame/round-frame.js';
import { decodeTailInquiry, encodeTail } from '../frame/tail-frame.js';
import type { NodeLimits, RaftNodeOptions } from '../node-options.js';
import { startReplica } from './open-partition.js';
import type { Partition } from './partition.js';
import { answerOf, Refill } from './refill.js';
import { tailOf } from './log-tail.js';

/** Ticks between two steps of a refill. */
const stepTicks = 5;

export interface RefillsHost {
  partition(id: PartitionId): Partition | null;
  /** A replica takes in what it lacks, or is whole again: its time passes from now on. */
  onTakingPart(partition: Partition): void;
  /** A peer's replica may start anew: it must hear of its leader. */
  onAsked(partition: Partition): void;
  onFailed(partition: Partition, error: unknown): void;
  onLogFailed(error: unknown): void;
}

/** The damaged replicas of this node on their way back, and answers to those of others. */
export class Refills {
  private readonly open = new Map<Partition, Refill>();
  private ticks = 0;

  constructor(
    private readonly options: RaftNodeOptions,
    private readonly limits: NodeLimits,
    private readonly host: RefillsHost,
  ) {}

  /** Marks a partition as damaged and starts to bring it back, if there is a `damage`. */
  begin(partition: Partition, damage: Damage | null): void {
    if (damage === null) return;
    const refill = new Refill(partition, damage.kind, this.options, {
      restart: (hardState, floor) => {
        const { appliedIndex } = partition;
        const { options, limits } = this;
        partition.hardState = null;
        partition.hardStateWritten = null;
        partition.replica = startReplica(partition.id, hardState, appliedIndex, options, limits);
        partition.replica.restrain(floor);
        partition.term = hardState.term;
        this.host.onTakingPart(partition);
      },
      onHealed: () => this.onHealed(partition),
      onLogFailed: (error) => this.host.onLogFailed(error),
      onFailed: (error) => this.host.onFailed(partition, error),
    });
    partition.state = 'corrupt';
    partition.reason = damage.reason;
    partition.refill = refill;
    this.open.set(partition, refill);
  }

  tick(): void {
    this.ticks += 1;
    if (this.open.size === 0 || this.ticks % stepTicks !== 0) return;
    for (const [partition, refill] of this.open) {
      if (partition.state === 'stopped') this.open.delete(partition);
      else refill.step();
    }
  }

  /** Another node's replica has lost records, and asks for what it needs to go on. */
  onFrame(frame: Uint8Array, respond: (reply: Uint8Array) => void): void {
    try {
      respond(frame[0] === FRAME_KIND.tail ? this.tailFor(frame) : this.answerTo(frame));
    } catch (error) {
      // Not a question that can be answered: the other one times out.
      if (!(error instanceof DecodeError)) throw error;
    }
  }

  /** How far terms and the log have gone here. */
  private answerTo(frame: Uint8Array): Uint8Array {
    const partition = this.host.partition(decodeInquiry(frame));
    if (partition === null || partition.state === 'stopped') return encodeInquiryAnswer(null);
    this.host.onAsked(partition);
    return encodeInquiryAnswer(answerOf(partition));
  }

  private tailFor(frame: Uint8Array): Uint8Array {
    const { partition: id, from } = decodeTailInquiry(frame);
    const partition = this.host.partition(id);
    if (partition === null || partition.state === 'stopped') return encodeTail(null);
    try {
      const bytesMax = this.options.transport.frameBytesMax >> 1;
      return encodeTail(tailOf(partition.stored, from, bytesMax));
    } catch (error) {
      // Its log cannot be read: as where its own core had met that.
      this.host.onFailed(partition, error);
      return encodeTail(null);
    }
  }

  private onHealed(partition: Partition): void {
    this.open.delete(partition);
    if (partition.state === 'stopped') return;
    partition.replica.restrain(null);
    partition.refill = null;
    if (partition.state === 'corrupt') partition.state = 'running'; // Else a snapshot is restored.
    partition.reason = null;
    this.host.onTakingPart(partition);
  }
}
