import { dumpLog } from '@metad/raft';
import type { DumpedRecord, DumpOptions } from '@metad/raft';
import { describeEntry } from './entry-text.js';
import { explained } from './unusable-directory.js';

/** A line of JSON for every record, in writing order. */
export function* recordTexts(options: DumpOptions): Generator<string> {
  try {
    for (const record of dumpLog(options)) yield JSON.stringify(shown(record));
  } catch (fault) {
    throw explained(fault);
  }
}

function shown(record: DumpedRecord): Record<string, unknown> {
  const { entries, hardState, standing, ...rest } = record;
  return {
    ...rest,
    ...(hardState !== null && { hardState }),
    ...(standing !== null && { standing }),
    ...(entries !== null && { entries: entries.map(describeEntry) }),
  };
}
