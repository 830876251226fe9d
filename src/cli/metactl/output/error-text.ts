import { MetadError } from '@metad/contract';
import type { ErrorCode, FieldFault } from '@metad/contract';

/** What to try next, by error. */
const HINTS: Partial<Record<ErrorCode, string>> = {
  UNKNOWN_COMMAND: 'metactl help shows the verbs; the commands stand in the documentation',
  VERSION_CONFLICT: 'read the record again and decide anew',
  NO_LEADER: 'metactl cluster status shows which nodes are up',
  STORAGE_FULL: 'free space on the data directories; deletes are still admitted',
};

/** Where a field of a command's data is faulty: mostly by how it was typed. */
const DATA_HINT = 'numbers and lists are written key:=json, nested fields with a dot (labels.a=b)';

/** An error as a person wants to read it: what, why, and what may be concluded. */
export function errorText(error: unknown): string {
  if (!(error instanceof MetadError)) {
    return error instanceof Error ? error.message : String(error);
  }
  const lines = [`${error.code}: ${error.message}`];
  const { faults, ...rest } = error.details;
  if (Array.isArray(faults)) {
    for (const fault of faults as FieldFault[]) lines.push(`  ${fault.field}: ${fault.reason}`);
  }
  for (const [key, value] of Object.entries(rest)) lines.push(`  ${key}: ${JSON.stringify(value)}`);
  const hint = HINTS[error.code] ?? (isAboutData(faults) ? DATA_HINT : undefined);
  if (hint !== undefined) lines.push(`Hint: ${hint}`);
  return lines.join('\n');
}

const isAboutData = (faults: unknown): boolean =>
  Array.isArray(faults) && (faults as FieldFault[]).some(({ field }) => field.startsWith('data.'));
