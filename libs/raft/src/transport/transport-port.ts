import type { NodeName } from '@metad/foundation';

/** Why a request brought no answer. `gone`: nobody listens there (the fast death signal). */
export type SendFailure = 'gone' | 'timeout' | 'closed' | 'refused';

/** Called once for each request frame: with the reply frame, or with the reason there is none. */
export type ReplyHandler = (failure: SendFailure | null, reply: Uint8Array | null) => void;

/** Called for each incoming request frame; `respond` may be called once, later or never. */
export type FrameHandler = (
  from: NodeName,
  frame: Uint8Array,
  respond: (reply: Uint8Array) => void,
) => void;

/**
 * Request-reply of opaque frames between the nodes of one cluster. Frames may be lost, delayed,
 * duplicated or reordered; authenticity and addressing are the adapter's duty: what reaches the
 * handler came from a member of this cluster, and was meant for this node.
 */
export interface Transport {
  /** Largest payload that fits in one frame, bytes. */
  readonly frameBytesMax: number;
  listen(handler: FrameHandler): Promise<void>;
  /** Sends a request; `onReply` is called exactly once, within `timeoutMs`. */
  request(to: NodeName, frame: Uint8Array, timeoutMs: number, onReply: ReplyHandler): void;
  stats(): TransportStats;
  close(): Promise<void>;
}

export interface TransportStats {
  readonly framesSent: number;
  readonly framesReceived: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /**
   * Refused frames by reason: cluster, receiver, sender, version, signature, replay, size, reply.
   */
  readonly refused: Readonly<Record<string, number>>;
}
