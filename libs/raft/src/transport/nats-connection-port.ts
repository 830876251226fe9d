/**
 * The few calls of a NATS client that node traffic needs; `NatsConnection` of
 * `@nats-io/transport-node` has them all.
 */
export interface NatsConnectionPort {
  readonly info?: { readonly max_payload: number } | undefined;
  publish(subject: string, payload: Uint8Array, options?: { reply?: string }): void;
  subscribe(
    subject: string,
    options: { callback: (error: Error | null, message: NatsMessage) => void },
  ): { unsubscribe(): void };
  flush(): Promise<void>;
  isClosed(): boolean;
}

export interface NatsMessage {
  readonly subject: string;
  readonly reply?: string | undefined;
  readonly data: Uint8Array;
  readonly headers?: { readonly code: number } | undefined;
}
