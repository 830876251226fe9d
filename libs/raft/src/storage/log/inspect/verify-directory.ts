import { realFileSystem } from '../../disk/real-file-system.js';
import { LockedError } from '../../file-system-port.js';
import { inspectDirectory } from './inspected-directory.js';
import type { InspectOptions } from './inspected-directory.js';
import { verifyArchive, verifySnapshots } from './verify-files.js';
import type { VerifiedArchiveFile, VerifiedSnapshot } from './verify-files.js';
import { verifyLog } from './verify-log.js';
import type { LogVerdict, VerifiedPartition } from './verify-log.js';

/** What a data directory holds, what a start of its node would do, and what to do next. */
export interface DirectoryVerdict extends LogVerdict {
  readonly snapshots: readonly VerifiedSnapshot[];
  readonly archive: readonly VerifiedArchiveFile[];
  /** The living process that has the directory locked, in words: what was read may have moved. */
  readonly heldBy: string | null;
  /** For the operator, in order. */
  readonly advice: readonly string[];
}

/**
 * Reads every byte of a data directory and changes nothing. Throws `DirectoryError` and
 * `UnknownLogFormat` as the node's start would: their messages say what to do. A node that runs
 * there goes on writing: then the verdict says who it is, and is none to rely on.
 */
export async function verifyDirectory(options: InspectOptions): Promise<DirectoryVerdict> {
  const fileSystem = options.fileSystem ?? realFileSystem;
  const holder = (): string | null => fileSystem.holder(options.directory);
  const before = holder();
  try {
    const verdict = await verdictOn(options);
    const heldBy = before ?? holder();
    return heldBy === null ? verdict : whileHeld(verdict, heldBy, options.directory);
  } catch (fault) {
    const heldBy = before ?? holder();
    if (heldBy === null || !isAbsent(fault)) throw fault;
    const what = `${options.directory} changed while it was read: ${heldBy} runs on it`;
    throw new LockedError(`${what}. ${STOP_FIRST}`, { cause: fault });
  }
}

const STOP_FIRST = 'Stop the node, then verify again';

const isAbsent = (fault: unknown): boolean =>
  (fault as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';

/** What is found under a running node may be half a write of it: nothing is to be done about it. */
const whileHeld = (
  verdict: DirectoryVerdict,
  heldBy: string,
  directory: string,
): DirectoryVerdict => ({
  ...verdict,
  heldBy,
  findings: [
    `${heldBy} runs on ${directory} and writes there: this is a verdict on a moving target`,
    ...verdict.findings,
  ],
  advice: [`${STOP_FIRST.toLowerCase()}: what is damaged here may only have been half written`],
});

async function verdictOn(options: InspectOptions): Promise<DirectoryVerdict> {
  const { fileSystem, stampNeedsRepair } = inspectDirectory(options);
  const { directory } = options;
  const log = verifyLog(options);
  const snapshots = verifySnapshots(fileSystem, directory);
  const archive = await verifyArchive(fileSystem, directory);
  const findings = [...log.findings];
  const actions = [...log.actions];
  if (stampNeedsRepair) {
    findings.push('a copy of the stamp is missing or damaged');
    actions.push('write the stamp again');
  }
  for (const folder of ['log', 'snapshots', 'archive']) {
    for (const name of fileSystem.list(`${directory}/${folder}`)) {
      if (name.endsWith('.tmp')) actions.push(`remove ${folder}/${name}, which was being made`);
    }
  }
  for (const { fault } of [...snapshots, ...archive]) if (fault !== null) findings.push(fault);
  const partitions = log.partitions.map((found) => beginningOf(found, snapshots, actions));
  const sound =
    log.sound &&
    partitions.every(({ state }) => state === 'sound') &&
    [...snapshots, ...archive].every(({ fault }) => fault === null);
  const found = { ...log, sound, partitions, findings, actions, snapshots, archive };
  const verdict = { ...found, heldBy: null };
  return { ...verdict, advice: adviceFor(verdict) };
}

/**
 * A log that was compacted needs a snapshot to begin with. The start takes the newest that can be
 * read; where that does not reach the log's first entry, it gives the log up.
 */
function beginningOf(
  found: VerifiedPartition,
  snapshots: readonly VerifiedSnapshot[],
  actions: string[],
): VerifiedPartition {
  const { partition, firstIndex, snapshotIndex } = found;
  const own = snapshots.filter((snapshot) => snapshot.partition === partition);
  const newest = own.findLast(({ fault }) => fault === null);
  for (const { file, fault } of own) {
    if (fault !== null) actions.push(`pass over snapshots/${file}, which is damaged`);
  }
  if (firstIndex <= (newest?.index ?? 0) + 1) return found;
  const begins = `its log begins at ${firstIndex}`;
  const reason = `the snapshot at index ${snapshotIndex} is missing or damaged, and ${begins}`;
  actions.push(`refuse partition ${partition} until refilled: ${reason}`);
  return { ...found, state: 'corrupt', reason };
}

type Judged = Omit<DirectoryVerdict, 'advice'>;

const listed = (partitions: readonly { partition: number }[]): string =>
  [...new Set(partitions.map(({ partition }) => partition))].join(', ');

function adviceFor({ sound, partitions, unattributed, snapshots, archive }: Judged): string[] {
  if (sound) return ['start the node: nothing that was acknowledged is missing'];
  const advice: string[] = [];
  const corrupt = partitions.filter(({ state }) => state === 'corrupt');
  const suspect = partitions.filter(({ state }) => state === 'suspect');
  if (corrupt.length > 0 || unattributed === 'corrupt') {
    const of = corrupt.length > 0 ? `partitions ${listed(corrupt)}` : 'what is missing';
    advice.push(
      'see to the disk: it lost or changed what was acknowledged. Files that were moved away can ' +
        'be put back before the start',
      `start the node while all other voters of ${of} run: it neither votes nor leads there ` +
        'before they have refilled it',
    );
  }
  if (suspect.length > 0 || unattributed === 'suspect') {
    const of = suspect.length > 0 ? `partitions ${listed(suspect)}` : 'this node';
    advice.push(
      `start the node, and see that all other voters of ${of} run: the newest write was torn by ` +
        'a power failure, or damaged after it; it asks them which, and is whole by itself',
    );
  }
  if (advice.length === 0 && snapshots.some(({ fault }) => fault !== null)) {
    advice.push('start the node: an older snapshot and the log make up for the damaged one');
  }
  const lost = archive.filter(({ fault }) => fault !== null);
  for (const { partition, first, last } of lost) {
    advice.push(
      `a rebuild of partition ${partition} from the very beginning needs entries ${first} … ` +
        `${last}: run it on a node whose archive is whole; nothing else depends on that file`,
    );
  }
  return advice;
}
