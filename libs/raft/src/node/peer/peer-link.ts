import type { NodeName, PartitionId } from '@metad/foundation';
import { ByteWriter } from '../../codec/index.js';
import type { Message, MessageOf } from '../../core/index.js';
import type { SendFailure, Transport } from '../../transport/transport-port.js';
import { writeBeat } from '../frame/round-frame.js';
import type { Beat } from '../frame/round-frame.js';
import type { Ends } from '../frame/message-codec.js';
import type { AppendBatch } from '../round/append-batch.js';
import { Liveness } from './liveness.js';
import { FrameContents, Outbox } from './outbox.js';

/** What a link asks of its node. */
export interface LinkHost {
  readonly self: NodeName;
  readonly framesInFlightMax: number;
  readonly frameBytesTarget: number;
  readonly gatheredBytesMax: number;
  readonly requestTimeoutMs: number;
  readonly silenceTicks: number;
  /** Ticks without a word from the peer after which it is asked for one. */
  readonly beatTicks: number;
  beat(): Beat;
  onReply(link: PeerLink, frame: Uint8Array): void;
  onLost(link: PeerLink, failure: SendFailure, contents: FrameContents): void;
  onAppendDropped(partition: PartitionId, peer: NodeName): void;
}

interface HeldRequest {
  readonly respond: (reply: Uint8Array) => void;
  /** Answered once this batch is durable; null: as soon as the turn ends. */
  batch: AppendBatch | null;
  /** False until the turn in which it arrived has ended. */
  placed: boolean;
}

/** One writer for all links: a frame is handed to the transport before the next is begun. */
const writer = new ByteWriter(256 * 1024);

/**
 * The traffic with one peer. Everything that one round has for it leaves in one frame: as the reply
 * to a request of the peer if that is waiting for one and nothing here needs to know of a loss,
 * else as a request of our own. At most `framesInFlightMax` requests are unanswered; when they are,
 * messages gather in the outbox and the next frame is larger.
 */
export class PeerLink {
  readonly ends: Ends;
  readonly liveness: Liveness;
  private readonly outbox: Outbox;
  private readonly held: HeldRequest[] = [];
  /** What the unanswered requests carry. */
  private readonly outstanding = new Set<FrameContents>();
  /** A request was sent beside the window since the last tick. */
  private probed = false;
  private ticksSinceSent = 0;

  constructor(
    readonly peer: NodeName,
    private readonly host: LinkHost,
    private readonly transport: Transport,
  ) {
    this.ends = { from: peer, to: host.self };
    this.liveness = new Liveness(host.silenceTicks);
    this.outbox = new Outbox(peer, host.gatheredBytesMax, (partition, name) =>
      host.onAppendDropped(partition, name),
    );
  }

  get gatheredBytes(): number {
    return this.outbox.gatheredBytes;
  }

  get droppedMessages(): number {
    return this.outbox.dropped;
  }

  get framesInFlight(): number {
    return this.outstanding.size;
  }

  post(partition: PartitionId, message: Message): void {
    if (message.kind === 'commit') this.postCommit(partition, message);
    else this.outbox.post(partition, message);
  }

  postQuiet(...notice: Parameters<Outbox['postQuiet']>): void {
    this.outbox.postQuiet(...notice);
  }

  postAwake(partition: PartitionId): void {
    this.outbox.postAwake(partition);
  }

  /** Keeps a request of the peer until its effects are durable. */
  hold(respond: (reply: Uint8Array) => void): void {
    this.held.push({ respond, batch: null, placed: false });
  }

  /**
   * The turn ends: requests that arrived in it wait for `batch`, if there is one. Then sends what
   * is to be sent.
   */
  endTurn(batch: AppendBatch | null): void {
    for (let at = this.held.length - 1; at >= 0; at -= 1) {
      const held = this.held[at] as HeldRequest;
      if (held.placed) break;
      held.placed = true;
      held.batch = batch;
    }
    this.flush();
  }

  /** Sends gathered messages as far as the window allows, and answers what is due. */
  flush(): void {
    while (!this.outbox.isEmpty) {
      const windowFull = this.outstanding.size >= this.host.framesInFlightMax;
      const mayAnswer = this.held.length > 0 && (this.outbox.isAnswersOnly || windowFull);
      if (mayAnswer) this.answer();
      else if (windowFull) return;
      else this.request();
    }
    while (this.isDue(this.held[0])) this.answer();
  }

  /** Asks the peer for a sign of life if it has been silent for a while. */
  tick(): void {
    this.outbox.tick();
    this.ticksSinceSent += 1;
    this.probed = false;
    const { beatTicks } = this.host;
    // A peer that is down is asked less often.
    const patience = this.liveness.isDown ? 4 * beatTicks : beatTicks;
    if (this.liveness.ticksSinceHeard < beatTicks || this.ticksSinceSent < patience) return;
    this.probe();
  }

  /**
   * Asks now, beside the window, once a tick at most: requests that a dying peer never answered may
   * fill it, an earlier probe may be one of them, and that must not hide that nobody is there.
   */
  probe(): void {
    if (this.probed) return;
    this.probed = true;
    this.request();
  }

  /** Nobody is there: requests without an answer will not get one. */
  abandonOutstanding(): readonly FrameContents[] {
    const lost = [...this.outstanding];
    this.outstanding.clear();
    return lost;
  }

  /** A peer of an older version learns by a heartbeat, and answers it. */
  private postCommit(partition: PartitionId, notice: MessageOf<'commit'>): void {
    const known = this.liveness.beat?.readsCommits === true;
    this.outbox.queue(partition, known ? notice : { ...notice, kind: 'heartbeat', readRound: 0 });
  }

  private isDue(held: HeldRequest | undefined): boolean {
    return held !== undefined && held.placed && (held.batch === null || held.batch.durable);
  }

  private answer(): void {
    const held = this.held.shift();
    if (held === undefined) return;
    held.respond(this.buildFrame(new FrameContents()));
  }

  private request(): void {
    const contents = new FrameContents();
    const frame = this.buildFrame(contents);
    this.outstanding.add(contents);
    this.ticksSinceSent = 0;
    this.transport.request(this.peer, frame, this.host.requestTimeoutMs, (failure, reply) => {
      const expected = this.outstanding.delete(contents);
      if (reply !== null) this.host.onReply(this, reply);
      else if (expected) this.host.onLost(this, failure ?? 'timeout', contents);
    });
  }

  private buildFrame(contents: FrameContents): Uint8Array {
    writer.reset();
    writeBeat(writer, this.host.beat());
    const { frameBytesTarget } = this.host;
    this.outbox.fill(writer, frameBytesTarget, this.transport.frameBytesMax, contents);
    return writer.view();
  }
}
