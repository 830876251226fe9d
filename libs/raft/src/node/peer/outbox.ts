import type { NodeName, PartitionId } from '@metad/foundation';
import type { ByteWriter } from '../../codec/index.js';
import { entryBytes } from '../../core/index.js';
import type { Message } from '../../core/index.js';
import { writeAwakeItem, writeMessageItem, writeQuietItem } from '../frame/round-frame.js';
import type { QuietNotice } from '../frame/round-frame.js';
import { LatelySent } from './lately-sent.js';

/** Called when an append had to be dropped: the core must probe for it again. */
export type AppendDropped = (partition: PartitionId, peer: NodeName) => void;

/** What a message counts for besides its entries. */
const messageBytes = 48;

/**
 * Messages gathered for one peer. Heartbeats and their answers keep only the newest of each
 * partition, so a stalled peer costs a bounded vector; everything else stands in order. Beyond
 * `bytesMax` new messages are dropped, which Raft survives: an append is reported, so that its core
 * goes back to probing instead of waiting for an answer.
 */
export class Outbox {
  private readonly heartbeats = new Map<PartitionId, Message>();
  private readonly heartbeatResponses = new Map<PartitionId, Message>();
  private readonly quiets = new Map<PartitionId, QuietNotice>();
  private readonly awakes = new Set<PartitionId>();
  private readonly lately = new LatelySent();
  private partitions: PartitionId[] = [];
  private messages: Message[] = [];
  /** First of `messages` that is not yet in a frame. */
  private head = 0;
  private bytes = 0;
  /** Messages that start something, for which the loss of the frame should be noticed. */
  private requests = 0;
  dropped = 0;

  constructor(
    private readonly peer: NodeName,
    private readonly bytesMax: number,
    private readonly onAppendDropped: AppendDropped,
  ) {}

  get isEmpty(): boolean {
    return this.head === this.messages.length && this.vectorSize === 0;
  }

  /** Answers only: they may ride on a reply. */
  get isAnswersOnly(): boolean {
    return this.requests === 0 && this.heartbeats.size === 0 && this.quiets.size === 0;
  }

  get gatheredBytes(): number {
    return this.bytes;
  }

  post(partition: PartitionId, message: Message): void {
    const { kind } = message;
    if (this.lately.covers(partition, message)) return;
    if (kind === 'heartbeat') {
      this.heartbeats.set(partition, message);
    } else if (kind === 'heartbeatResponse') {
      this.heartbeatResponses.set(partition, message);
    } else {
      this.queue(partition, message);
    }
  }

  /** What was said a few ticks ago may have to be said again. */
  tick(): void {
    this.lately.tick();
  }

  postQuiet(notice: QuietNotice): void {
    this.quiets.set(notice.partition, notice);
  }

  postAwake(partition: PartitionId): void {
    this.awakes.add(partition);
  }

  /**
   * Moves messages into `writer` until it holds `target` bytes or more. The largest message is
   * kept under `max` by the core's batch limit; one that is not is dropped. Partitions whose
   * appends went into the frame are added to `appends`, those that were asked to be quiet to
   * `quieted`.
   */
  fill(writer: ByteWriter, target: number, max: number, sent: FrameContents): void {
    const start = writer.length;
    this.fillVector(this.heartbeats, writer, target);
    this.fillVector(this.heartbeatResponses, writer, target);
    this.fillNotices(writer, target, sent);
    while (this.head < this.messages.length && writer.length < target) {
      const before = writer.length;
      const partition = this.partitions[this.head] as PartitionId;
      const message = this.messages[this.head] as Message;
      writeMessageItem(writer, partition, message);
      const tooLarge = writer.length > max;
      if (tooLarge) writer.length = before;
      if (tooLarge && before > start) break; // It may fit in a frame of its own.
      this.take(message);
      if (tooLarge) this.drop(partition, message);
      else sent.note(partition, message);
    }
    if (this.head === this.messages.length) this.forgetTaken();
  }

  private get vectorSize(): number {
    return (
      this.heartbeats.size + this.heartbeatResponses.size + this.quiets.size + this.awakes.size
    );
  }

  /** Sends in order; never left out, and no later message takes its place. */
  queue(partition: PartitionId, message: Message): void {
    const bytes = sizeOf(message);
    if (this.bytes + bytes > this.bytesMax) {
      this.drop(partition, message);
      return;
    }
    this.bytes += bytes;
    if (!isAnswer(message)) this.requests += 1;
    this.partitions.push(partition);
    this.messages.push(message);
  }

  private drop(partition: PartitionId, message: Message): void {
    this.dropped += 1;
    if (message.kind === 'append') this.onAppendDropped(partition, this.peer);
  }

  private take(message: Message): void {
    this.head += 1;
    this.bytes -= sizeOf(message);
    if (!isAnswer(message)) this.requests -= 1;
  }

  private forgetTaken(): void {
    this.partitions = [];
    this.messages = [];
    this.head = 0;
  }

  private fillVector(vector: Map<PartitionId, Message>, writer: ByteWriter, target: number): void {
    for (const [partition, message] of vector) {
      if (writer.length >= target) return;
      writeMessageItem(writer, partition, message);
      vector.delete(partition);
    }
  }

  private fillNotices(writer: ByteWriter, target: number, sent: FrameContents): void {
    for (const [partition, notice] of this.quiets) {
      if (writer.length >= target) return;
      writeQuietItem(writer, notice);
      sent.quieted.push(partition);
      this.quiets.delete(partition);
    }
    for (const partition of this.awakes) {
      if (writer.length >= target) return;
      writeAwakeItem(writer, partition);
      this.awakes.delete(partition);
    }
  }
}

/** What a request frame carried that must be known if it is lost. */
export class FrameContents {
  readonly appends: PartitionId[] = [];
  readonly quieted: PartitionId[] = [];

  note(partition: PartitionId, message: Message): void {
    if (message.kind === 'append') this.appends.push(partition);
  }
}

function sizeOf(message: Message): number {
  if (message.kind !== 'append') return messageBytes;
  let bytes = messageBytes;
  for (const entry of message.entries) bytes += entryBytes(entry);
  return bytes;
}

/** Nobody need know if it is lost. */
const isAnswer = ({ kind }: Message): boolean =>
  kind === 'appendResponse' ||
  kind === 'commit' ||
  kind === 'voteResponse' ||
  kind === 'preVoteResponse' ||
  kind === 'readIndexResponse';
