import { LIMITS } from '@metad/contract';

/**
 * Limits that decide outcomes at apply. They are part of the replicated state, set by an entry: if
 * each node took them from its own configuration, replicas would disagree.
 */
export interface MachineSettings {
  /** A retry within this much log time gets the first outcome. */
  readonly deduplicationWindowMs: number;
  /** Beyond this many remembered commands the oldest are forgotten early. */
  readonly commandsRememberedMax: number;
  /** The same by estimated size of what the outcomes hold. */
  readonly outcomeBytesMax: number;
  /** A change that would make a record larger is refused. */
  readonly recordBytesMax: number;
}

export const DEFAULT_SETTINGS: MachineSettings = {
  deduplicationWindowMs: LIMITS.deduplicationWindowMs,
  commandsRememberedMax: 100_000,
  outcomeBytesMax: 64 * 1024 * 1024,
  recordBytesMax: LIMITS.recordBytesMax,
};
