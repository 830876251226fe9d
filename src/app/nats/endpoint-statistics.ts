/** What one sort of request has cost since the node began. Counted for every request. */
export class EndpointStatistics {
  requests = 0;
  errors = 0;
  /** Taken and not yet answered. */
  inFlight = 0;
  lastError = '';
  /** Milliseconds, waiting for consensus included. */
  totalMs = 0;

  /** `error` is the text of an error reply, null for an answer. */
  record(ms: number, error: string | null): void {
    this.requests += 1;
    this.totalMs += ms;
    if (error === null) return;
    this.errors += 1;
    this.lastError = error;
  }
}
