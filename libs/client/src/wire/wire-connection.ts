/**
 * What this library needs of a NATS connection. Both `@nats-io/transport-node` and `nats` 2.x make
 * connections of this shape; either can be handed in, and the library never closes what it was
 * given.
 */
export interface WireConnection {
  publish(subject: string, payload?: Uint8Array | string, options?: WirePublishOptions): void;
  subscribe(subject: string, options?: WireSubscribeOptions): WireSubscription;
  isClosed(): boolean;
  status(): AsyncIterable<WireStatus>;
}

export interface WirePublishOptions {
  readonly reply?: string;
  /** Headers of the library that the connection is of. */
  readonly headers?: WireHeaders;
}

export interface WireSubscribeOptions {
  callback?: (error: Error | null, message: WireMessage) => void;
}

export interface WireSubscription {
  unsubscribe(): void;
}

export interface WireMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly reply?: string;
  readonly headers?: WireHeaders;
}

export interface WireHeaders {
  /** 503 in a message without data: nobody listens where the request went. */
  readonly code: number;
  /** Empty when absent. */
  get(name: string): string;
}

/** `@nats-io` puts what was refused into `error`, `nats` 2.x into `permissionContext`. */
export interface WireStatus {
  readonly type: string;
  readonly error?: unknown;
  readonly permissionContext?: unknown;
}
