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
  /**
   * Only so many of them keep their events and record; older ones are remembered in brief: still
   * never executed twice, with the same version, fence and position, but without events and record.
   */
  readonly outcomesInFullMax: number;
  /** The same by estimated size of what full outcomes hold. */
  readonly outcomeBytesMax: number;
  /** A change that would make a record larger is refused. */
  readonly recordBytesMax: number;
}

export const DEFAULT_SETTINGS: MachineSettings = {
  deduplicationWindowMs: LIMITS.deduplicationWindowMs,
  commandsRememberedMax: 250_000,
  outcomesInFullMax: 10_000,
  outcomeBytesMax: 8 * 1024 * 1024,
  recordBytesMax: LIMITS.recordBytesMax,
};
