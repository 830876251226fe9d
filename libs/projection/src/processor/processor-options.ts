import { defaultBackOff, type BackOff } from './delivery.js';

export interface ProcessorOptions {
  readonly changesMax: number;
  readonly readEntriesMax: number;
  /** From one batch to the next while nobody waits for rows. */
  readonly gatherMs: number;
  /** From one batch to the next at least. */
  readonly lingerMs: number;
  /** Work is cut into slices of about this length: the event loop belongs to consensus first. */
  readonly sliceMs: number;
  readonly backOff: BackOff;
  /** Wait after another writer was met. */
  readonly fencedMs: number;
}

export const defaultProcessorOptions: ProcessorOptions = {
  changesMax: 4_000,
  readEntriesMax: 512,
  gatherMs: 100,
  lingerMs: 15,
  sliceMs: 4,
  backOff: defaultBackOff,
  fencedMs: 5_000,
};
