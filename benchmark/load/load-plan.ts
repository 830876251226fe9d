import type { LatencySummary } from './histogram.js';

/** How requests are offered. */
export type Arrival =
  /** As soon as one is answered the next is sent: shows the highest rate, hides waiting. */
  | { readonly kind: 'closed'; readonly outstanding: number }
  /**
   * At fixed times, answered or not; latency counts from the time a request was meant to leave,
   * so a stalled server is charged for everybody it kept waiting (no coordinated omission).
   */
  | { readonly kind: 'open'; readonly perSecond: number; readonly outstandingMax: number };

export type Operation = 'insert' | 'put' | 'get';

/** One measured interval, as the harness asks a load process for it. */
export interface LoadPlan {
  readonly operation: Operation;
  readonly arrival: Arrival;
  /** Measured seconds; `insert` ignores it and ends after `records` operations. */
  readonly seconds: number;
  readonly warmupSeconds: number;
  /** Records 0 … records−1 are addressed at random (`insert`: each once, in order). */
  readonly records: number;
  readonly valueBytes: number;
  /** Processes (with their children) whose CPU is the servers'. */
  readonly serverPids: readonly number[];
}

export interface LoadResult {
  readonly perSecond: number;
  readonly completed: number;
  readonly failed: number;
  /** Open loop: requests whose time came but which were never sent, since too many were out. */
  readonly unsent: number;
  readonly seconds: number;
  /** Microseconds. */
  readonly latency: LatencySummary;
  /** Cores in use on average over the interval. `others` is whoever else used the machine. */
  readonly cores: { readonly load: number; readonly servers: number; readonly others: number };
  readonly firstError: string | null;
}
