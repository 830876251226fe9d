import type { ErrorCode, MetadError } from '@metad/contract';

/** What became of one call. */
export interface CallReport {
  readonly kind: 'command' | 'query';
  readonly namespace: string;
  readonly name: string;
  /** The partition whose leader answered; null when any node did. */
  readonly partition: number | null;
  readonly attempts: number;
  readonly durationMs: number;
  /** `ABORTED`: the caller's signal ended it. */
  readonly result: 'ok' | 'ABORTED' | ErrorCode;
}

/** An attempt that failed and is followed by another one. */
export interface RetryReport {
  readonly kind: 'command' | 'query';
  readonly namespace: string;
  readonly name: string;
  /** How many attempts there were so far. */
  readonly attempts: number;
  /** Until the next one, milliseconds. */
  readonly waitMs: number;
  readonly error: MetadError;
}

/** Counters since the client was made. */
export interface ClientStatistics {
  readonly calls: number;
  readonly failed: number;
  readonly retries: number;
  readonly timeouts: number;
  readonly noResponders: number;
  readonly disconnects: number;
  readonly mapRefreshes: number;
  /** Requests under way, or waiting for the link. */
  readonly pending: number;
}
