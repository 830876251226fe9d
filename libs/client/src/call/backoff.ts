import type { Random } from '@metad/foundation';

export interface BackoffOptions {
  readonly baseMs: number;
  readonly capMs: number;
}

/**
 * How long to wait before attempt number `attempt` (1 is the first retry): exponential with full
 * jitter, so that clients that failed together do not return together; on top of what the server
 * asked for.
 */
export function backoffMs(
  options: BackoffOptions,
  attempt: number,
  random: Random,
  retryAfterMs: number,
): number {
  const ceiling = Math.min(options.capMs, options.baseMs * 2 ** Math.min(attempt - 1, 16));
  return retryAfterMs + random.fraction() * ceiling;
}
