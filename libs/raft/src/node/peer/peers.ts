import type { NodeName, PartitionId } from '@metad/foundation';
import { ByteReader, DecodeError } from '../../codec/index.js';
import type { Message } from '../../core/index.js';
import type { SendFailure, Transport } from '../../transport/transport-port.js';
import { FRAME_KIND, readBeat, readItems } from '../frame/round-frame.js';
import type { Beat, QuietNotice } from '../frame/round-frame.js';
import type { AppendBatch } from '../round/append-batch.js';
import type { LivenessChange } from './liveness.js';
import type { FrameContents } from './outbox.js';
import { PeerLink } from './peer-link.js';
import type { LinkHost } from './peer-link.js';

/** Sizes and times of all links. */
export type LinkLimits = Pick<
  LinkHost,
  | 'framesInFlightMax'
  | 'frameBytesTarget'
  | 'gatheredBytesMax'
  | 'requestTimeoutMs'
  | 'silenceTicks'
  | 'beatTicks'
>;

/** What arrives from peers, handed to the rest of the node. */
export interface PeerEvents {
  beat(): Beat;
  onMessage(partition: PartitionId, message: Message): void;
  onQuiet(from: NodeName, notice: QuietNotice): void;
  onAwake(partition: PartitionId): void;
  onUnreachable(partition: PartitionId, peer: NodeName): void;
  /** A quiet notice may not have arrived. */
  onQuietLost(partition: PartitionId): void;
  onPeerChange(peer: NodeName, change: LivenessChange): void;
  /** A request that is not part of a round: a snapshot's, or a question of a damaged replica. */
  onSideFrame(from: NodeName, frame: Uint8Array, respond: (reply: Uint8Array) => void): void;
  onMalformed(from: NodeName, error: DecodeError): void;
  /** Input has arrived: a turn is due. */
  onInput(): void;
}

/**
 * All links of this node, made when they are first needed. Frames are decoded and stepped as they
 * arrive; what they lead to leaves at the end of the turn.
 */
export class Peers {
  private readonly links = new Map<NodeName, PeerLink>();
  private readonly host: LinkHost;
  private readonly reader = new ByteReader(new Uint8Array(0));

  constructor(
    readonly self: NodeName,
    private readonly transport: Transport,
    private readonly events: PeerEvents,
    limits: LinkLimits,
  ) {
    this.host = {
      ...limits,
      self,
      beat: () => events.beat(),
      onReply: (link, frame) => this.onReply(link, frame),
      onLost: (link, failure, contents) => this.onLost(link, failure, contents),
      onAppendDropped: (partition, peer) => events.onUnreachable(partition, peer),
    };
  }

  listen(): Promise<void> {
    return this.transport.listen((from, frame, respond) => this.onRequest(from, frame, respond));
  }

  all(): IterableIterator<PeerLink> {
    return this.links.values();
  }

  of(peer: NodeName): PeerLink {
    let link = this.links.get(peer);
    if (link === undefined) {
      link = new PeerLink(peer, this.host, this.transport);
      this.links.set(peer, link);
    }
    return link;
  }

  isDown(peer: NodeName): boolean {
    return this.links.get(peer)?.liveness.isDown ?? false;
  }

  /** Alive as far as anybody knows, and not leaving. */
  mayLead(peer: NodeName): boolean {
    const liveness = this.links.get(peer)?.liveness;
    return liveness?.isDown !== true && liveness?.beat?.draining !== true;
  }

  /** Does not answer just now, and nothing says that it is gone or leaving. */
  mayReturn(peer: NodeName): boolean {
    const liveness = this.links.get(peer)?.liveness;
    return liveness?.state === 'silent' && liveness.beat?.draining !== true;
  }

  endTurn(batch: AppendBatch | null): void {
    for (const link of this.links.values()) link.endTurn(batch);
  }

  flush(): void {
    for (const link of this.links.values()) link.flush();
  }

  tick(): void {
    for (const link of this.links.values()) {
      this.changed(link.peer, link.liveness.tick());
      link.tick();
    }
  }

  private onRequest(from: NodeName, frame: Uint8Array, respond: (reply: Uint8Array) => void): void {
    if (frame[0] !== FRAME_KIND.round) {
      this.events.onSideFrame(from, frame, respond);
      return;
    }
    const link = this.of(from);
    this.read(link, frame);
    link.hold(respond);
    this.events.onInput();
  }

  private onReply(link: PeerLink, frame: Uint8Array): void {
    this.read(link, frame);
    this.events.onInput();
  }

  private read(link: PeerLink, frame: Uint8Array): void {
    const { reader, events } = this;
    try {
      reader.reset(frame);
      this.changed(link.peer, link.liveness.heard(readBeat(reader)));
      readItems(reader, link.ends, events);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      events.onMalformed(link.peer, error);
    }
  }

  private onLost(link: PeerLink, failure: SendFailure, contents: FrameContents): void {
    if (failure === 'closed') return;
    this.forgo(contents, link.peer);
    if (failure === 'gone') {
      for (const lost of link.abandonOutstanding()) this.forgo(lost, link.peer);
      this.changed(link.peer, link.liveness.gone());
    }
    this.events.onInput();
  }

  /** What a frame carried has not arrived, as far as anybody can tell. */
  private forgo(contents: FrameContents, peer: NodeName): void {
    for (const partition of contents.appends) this.events.onUnreachable(partition, peer);
    for (const partition of contents.quieted) this.events.onQuietLost(partition);
  }

  private changed(peer: NodeName, change: LivenessChange): void {
    if (change !== 'none') this.events.onPeerChange(peer, change);
  }
}
