import type { Clock, NodeName } from '@metad/foundation';
import { PendingReplies } from './pending-replies.js';
import { TransportCounters } from './refusals.js';
import type { FrameHandler, ReplyHandler, Transport, TransportStats } from './transport-port.js';

/**
 * Decides the fate of one frame: the delay in milliseconds of every copy that arrives. `[]` loses
 * it, `[5]` delays it, `[1, 30]` delivers it twice; different delays reorder frames.
 */
export type FrameRoute = (from: NodeName, to: NodeName, bytes: number) => readonly number[];

const atOnce: readonly number[] = [0];

/**
 * The nodes of one process, or of one simulation: frames travel through the clock, so that virtual
 * time decides their order, and through `route`, which can lose, delay, repeat and reorder them.
 * Whether a node listens at all is known at once, as NATS knows it (`gone`).
 */
export class MemoryHub {
  route: FrameRoute = () => atOnce;
  readonly frameBytesMax: number;
  private readonly listening = new Map<NodeName, MemoryTransport>();

  constructor(
    readonly clock: Clock,
    options: { readonly frameBytesMax?: number } = {},
  ) {
    this.frameBytesMax = options.frameBytesMax ?? 1024 * 1024;
  }

  /** A new end point. A later one under the same name takes its place, as a restarted node does. */
  transport(self: NodeName): Transport {
    return new MemoryTransport(this, self);
  }

  attach(transport: MemoryTransport): void {
    this.listening.set(transport.self, transport);
  }

  detach(transport: MemoryTransport): void {
    const { self } = transport;
    if (this.listening.get(self) === transport) this.listening.delete(self);
  }

  find(node: NodeName): MemoryTransport | undefined {
    return this.listening.get(node);
  }

  /** Runs `deliver` once for every copy that arrives. */
  carry(from: NodeName, to: NodeName, bytes: number, deliver: () => void): void {
    for (const delayMs of this.route(from, to, bytes)) this.clock.after(delayMs, deliver);
  }
}

class MemoryTransport implements Transport {
  readonly frameBytesMax: number;
  private handler: FrameHandler | null = null;
  private closed = false;
  private readonly counters = new TransportCounters();
  private readonly pending: PendingReplies;

  constructor(
    private readonly hub: MemoryHub,
    readonly self: NodeName,
  ) {
    this.frameBytesMax = hub.frameBytesMax;
    this.pending = new PendingReplies(hub.clock);
  }

  listen(handler: FrameHandler): Promise<void> {
    this.handler = handler;
    this.hub.attach(this);
    return Promise.resolve();
  }

  request(to: NodeName, frame: Uint8Array, timeoutMs: number, onReply: ReplyHandler): void {
    const id = this.pending.add(timeoutMs, to, 0, onReply);
    if (this.closed || frame.length > this.frameBytesMax) {
      const failure = this.closed ? 'closed' : 'refused';
      this.hub.clock.after(0, () => this.pending.settle(id, failure, null));
      return;
    }
    this.counters.sent(frame.length);
    const copy = new Uint8Array(frame);
    this.hub.carry(this.self, to, copy.length, () => {
      const target = this.hub.find(to);
      if (target !== undefined) target.deliver(this, id, copy);
      else this.pending.settle(id, 'gone', null);
    });
  }

  stats(): TransportStats {
    return this.counters.snapshot();
  }

  close(): Promise<void> {
    this.closed = true;
    this.hub.detach(this);
    this.pending.failAll('closed');
    return Promise.resolve();
  }

  private deliver(from: MemoryTransport, id: number, frame: Uint8Array): void {
    this.counters.received(frame.length);
    let answered = false;
    this.handler?.(from.self, frame, (reply) => {
      if (answered || this.closed) return;
      answered = true;
      this.counters.sent(reply.length);
      const copy = new Uint8Array(reply);
      this.hub.carry(this.self, from.self, copy.length, () => from.receive(id, copy));
    });
  }

  private receive(id: number, reply: Uint8Array): void {
    if (this.pending.settle(id, null, reply)) this.counters.received(reply.length);
  }
}
