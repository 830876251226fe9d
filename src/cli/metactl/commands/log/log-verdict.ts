import { DirectoryError, UnknownLogFormat, verifyDirectory } from '@metad/raft';
import { Degraded, UsageError } from '../../exit-code.js';
import type { Printer } from '../../output/printer.js';
import { field } from '../../output/table.js';
import { explained } from './unusable-directory.js';
import { withIdentity } from './verify-identity.js';
import type { WholeVerdict } from './verify-identity.js';

export interface VerifyTarget {
  readonly directory: string;
  readonly cluster?: string;
  readonly node?: string;
}

const PARTITION_COLUMNS = [
  field('partition', 'partition', 'right'),
  field('state'),
  field('first', 'firstIndex', 'right'),
  field('last', 'lastIndex', 'right'),
  field('snapshot', 'snapshotIndex', 'right'),
  field('hard state', 'hardState'),
  field('reason'),
];

/** Throws `UsageError` where the node would not start, `Degraded` where something is damaged. */
export async function printVerdictOn(target: VerifyTarget, printer: Printer): Promise<void> {
  const verdict = await verified(target).catch((fault: unknown) => {
    if (printer.format !== 'table') printRefusal(printer, fault);
    throw explained(fault);
  });
  if (printer.format !== 'table') printer.value(verdict);
  else printVerdict(printer, verdict);
  const { refused, reason, sound } = verdict;
  if (refused !== null) throw new UsageError(reason ?? refused);
  if (!sound) throw new Degraded(`what is in ${target.directory} is damaged`);
}

async function verified(target: VerifyTarget): Promise<WholeVerdict> {
  return withIdentity(await verifyDirectory(target), target.directory);
}

function printVerdict(printer: Printer, verdict: WholeVerdict): void {
  const { cluster, node, sound, identity, records, segments, snapshots, archive } = verdict;
  const files = { snapshots: snapshots.length, archive: archive.length };
  const about = { cluster, node, sound, identity, records, segments: segments.length };
  printer.record({ ...about, ...files });
  printer.text('');
  const rows = verdict.partitions as unknown as Record<string, unknown>[];
  printer.rows(rows, PARTITION_COLUMNS);
  for (const finding of verdict.findings) printer.text(`found: ${finding}`);
  for (const action of verdict.actions) printer.text(`a start would: ${action}`);
  for (const step of verdict.advice) printer.text(`to do: ${step}`);
}

/** What a script gets where the node would not start: the same fields, as far as they are known. */
function printRefusal(printer: Printer, fault: unknown): void {
  if (fault instanceof DirectoryError) {
    printer.value({ sound: false, refused: fault.code, reason: fault.message });
  } else if (fault instanceof UnknownLogFormat) {
    printer.value({ sound: false, refused: 'OTHER_FORMAT', reason: fault.message });
  }
}
