import type { Clock } from '@metad/foundation';
import { wasWritten, writeBatch, type SealedBatch } from './batch-writer.js';
import { FencedError } from '../checkpoint/checkpoint.js';
import { failureOf, sqlStateOf, type SqlDatabase } from '../postgres/sql-database.js';

export interface BackOff {
  readonly firstMs: number;
  readonly mostMs: number;
}

export const defaultBackOff: BackOff = { firstMs: 50, mostMs: 2_000 };

export interface DeliveryPorts {
  readonly database: SqlDatabase;
  readonly incarnation: string;
  readonly clock: Clock;
  readonly backOff: BackOff;
  /** Called before each wait, and with null once the database answered again. */
  onWaiting(reason: string | null): void;
  isStopped(): boolean;
  /**
   * True for a writer that makes its batches smaller when one takes longer than a statement may:
   * trying the same one again would take as long.
   */
  readonly dividesSlowBatches?: boolean;
}

/** The server cancelled a statement, as it took too long. */
const QUERY_CANCELED = '57014';

export const isTooSlow = (error: unknown): boolean => sqlStateOf(error) === QUERY_CANCELED;

/**
 * Writes a batch, however long the database is away: the same batch is tried again with back-off,
 * and a commit whose answer was lost is recognized by its checkpoints. Rejects when trying again
 * cannot help (fenced, data that a column refuses, a table that is gone) or when the processor
 * stops.
 */
export async function deliver(ports: DeliveryPorts, sealed: SealedBatch): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      if (attempt > 0 && (await wasWritten(ports.database, sealed))) break;
      await writeBatch(ports.database, ports.incarnation, sealed);
      break;
    } catch (error) {
      if (error instanceof FencedError || failureOf(error) !== 'unavailable') throw error;
      if (ports.isStopped() || (ports.dividesSlowBatches && isTooSlow(error))) throw error;
      ports.onWaiting(describe(error));
      await delay(ports.clock, backOffMs(ports.backOff, attempt));
    }
  }
  ports.onWaiting(null);
}

export const backOffMs = ({ firstMs, mostMs }: BackOff, attempt: number): number =>
  Math.min(mostMs, firstMs * 2 ** Math.min(attempt, 16));

export const delay = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(ms, resolve);
  });

/** Waits before attempt `attempt + 1` of something that failed; longer each time, up to 2 s. */
export const backOffDelay = (clock: Clock, attempt: number): Promise<void> =>
  delay(clock, backOffMs(defaultBackOff, attempt));

/** What an operator needs to read: the SQLSTATE if there is one, and the message. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as { readonly code?: unknown }).code;
  const message = error.message || error.name;
  return typeof code === 'string' ? `${code}: ${message}` : message;
}
