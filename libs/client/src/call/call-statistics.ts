import type { ErrorCode } from '@metad/contract';

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

/** Counters since the client was made. */
export interface ClientStatistics {
  readonly calls: number;
  readonly failed: number;
  readonly retries: number;
  readonly timeouts: number;
  readonly noResponders: number;
  readonly disconnects: number;
  readonly mapRefreshes: number;
  /** Requests under way. */
  readonly pending: number;
}
