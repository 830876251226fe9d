import type { LogIndex, LogTime, Term } from '@metad/foundation';
import type { MachineSettings } from '../machine-settings.js';
import type { RecordStore } from './records/record-store.js';
import type { RememberedCommands } from './commands/remembered-commands.js';

/** Everything that a partition's replicas must have in common, and its image holds. */
export interface MachineState {
  /** Of the newest entry applied. */
  index: LogIndex;
  term: Term;
  /** Log time of the newest entry that has one. */
  time: LogTime;
  settings: MachineSettings;
  readonly records: RecordStore;
  readonly remembered: RememberedCommands;
}
