import { invariant } from '@metad/foundation';
import type { LogIndex, LogTime, Term } from '@metad/foundation';
import type { StoredRecord } from '@metad/eventsourcing';
import type { SnapshotMeta, StateImage } from '@metad/raft';
import type { MachineSettings } from '../machine-settings.js';
import type { Outcome } from '../outcome.js';
import type { MachineState } from './machine-state.js';
import { ROW_BYTES } from './commands/command-rows.js';
import type { Reason } from './commands/command-rows.js';
import { outcomeText, readOutcome3 } from './commands/outcome-text.js';
import { ImageReader } from './image-reader.js';
import { BLOCK_HEAD_BYTES, readBlock, readBlockHead } from './records/record-image.js';
import type { RecordImage } from './records/record-image.js';
import type { RecordName } from './records/record-names.js';
import type { RememberedCommand, RememberedImage } from './commands/remembered-commands.js';

/**
 * The image of a partition's state, format 4: lines of JSON with runs of bytes among them, in
 * chunks of about 256 KiB that need not end with a line.
 *
 *     header · N how many records, and their names by number, then blocks of records
 *     (`record-image.ts`) · C how many commands, then that many rows of 58 bytes, oldest first ·
 *     O size and text of each outcome that is kept in full, oldest first · E footer
 *
 * Nothing that it is made of is ever written again, so the image is consistent by knowing where
 * everything lies as of the capture, while apply goes on. The footer repeats counts and digest:
 * what is restored has been proved to be what was captured. Older formats are still read: 3 had a
 * line of JSON for every record (R) instead of names and blocks, and outcomes that repeated what
 * is in their rows; in 2 the record of an outcome always had its value; 1 had a line of JSON for
 * every command.
 */
const FORMAT = 4;
const FORMATS_READ = [1, 2, 3, 4];
const ROWS_PER_CHUNK = 4_096;

interface Header {
  readonly format: number;
  readonly index: LogIndex;
  readonly time: LogTime;
  readonly term: Term;
  readonly leaseTerm: Term;
  readonly leasesStartedAt: LogTime;
  readonly horizon: LogTime;
  readonly settings: MachineSettings;
}

interface Footer {
  readonly records: number;
  readonly commands: number;
  readonly digest: string;
}

export function captureState(state: MachineState): StateImage {
  const { records, remembered } = state;
  const header: Header = {
    format: FORMAT,
    index: state.index,
    time: state.time,
    term: state.term,
    leaseTerm: records.leases.term,
    leasesStartedAt: records.leases.startedAt,
    horizon: remembered.horizon,
    settings: state.settings,
  };
  const held: Held = {
    header,
    records: records.image(),
    remembered: remembered.image(),
    digest: records.digest().toString(),
  };
  let isReleased = false;
  return {
    index: state.index,
    // A record has about as many bytes as an entry, a row a quarter: so no more is written for
    // snapshots than for the log.
    entriesWorth: held.records.count + (held.remembered.count >> 2),
    chunks: () => {
      invariant(!isReleased, 'an image is not read after its release');
      return chunksOf(held);
    },
    release: () => {
      if (isReleased) return;
      isReleased = true;
      held.records.release();
      held.remembered.release();
    },
  };
}

interface Held {
  readonly header: Header;
  readonly records: RecordImage;
  readonly remembered: RememberedImage;
  readonly digest: string;
}

async function* chunksOf({
  header,
  records,
  remembered,
  digest,
}: Held): AsyncGenerator<Uint8Array> {
  const names: NamesLine = { count: records.count, names: records.names };
  yield Buffer.from(`${JSON.stringify(header)}\nN${JSON.stringify(names)}\n`);
  yield* records.blocks();
  const { count, full, reasons } = remembered;
  const commands: CommandsLine = { count, full, reasons };
  yield Buffer.from(`C${JSON.stringify(commands)}\n`);
  yield* remembered.rows();
  yield* remembered.outcomes();
  const footer: Footer = { records: records.count, commands: count, digest };
  yield Buffer.from(`E${JSON.stringify(footer)}\n`);
}

interface NamesLine {
  readonly count: number;
  /** By number; null for one that no record bears. */
  readonly names: readonly (RecordName | null)[];
}

interface CommandsLine {
  readonly count: number;
  /** How many of the newest are kept in full. */
  readonly full: number;
  readonly reasons: readonly Reason[];
}

/** Fills an empty state. Throws when the image is damaged, incomplete or of a newer format. */
export async function restoreState(
  state: MachineState,
  meta: SnapshotMeta,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const reader = new ImageReader(chunks);
  const format = readHeader(state, JSON.parse(await reader.line()) as Header);
  const footer = await (format === 1
    ? readLines1(state, reader)
    : readLines(state, reader, format));
  invariant(await reader.isAtEnd(), 'nothing follows the footer of an image');
  invariant(footer.records === state.records.size, 'an image holds all its records');
  invariant(footer.commands === state.remembered.size, 'an image holds all its commands');
  invariant(footer.digest === state.records.digest().toString(), 'an image has its own digest');
  invariant(state.index === meta.index, 'an image is of the index that its snapshot names');
  state.term = meta.term;
}

function readHeader(state: MachineState, header: Header): number {
  const isKnown = FORMATS_READ.includes(header.format);
  invariant(isKnown, 'the image has a format that this program can read');
  state.index = header.index;
  state.time = header.time;
  state.term = header.term;
  state.settings = header.settings;
  state.remembered.horizon = header.horizon;
  state.records.leases.observe(header.leaseTerm, header.leasesStartedAt);
  return header.format;
}

async function readLines(
  state: MachineState,
  reader: ImageReader,
  format: number,
): Promise<Footer> {
  let line = await reader.line();
  for (; line.startsWith('R'); line = await reader.line()) readRecord(state, line);
  if (line.startsWith('N')) {
    await readBlocks(state, reader, JSON.parse(line.slice(1)) as NamesLine);
    line = await reader.line();
  }
  invariant(line.startsWith('C'), 'the commands of an image follow its records');
  const { count, full, reasons } = JSON.parse(line.slice(1)) as CommandsLine;
  const { remembered } = state;
  remembered.restoreReasons(reasons);
  for (let from = 0; from < count; from += ROWS_PER_CHUNK) {
    const run = Math.min(ROWS_PER_CHUNK, count - from);
    remembered.restoreRows(await reader.bytes(run * ROW_BYTES));
  }
  const texts: { bytes: number; text: string }[] = [];
  for (line = await reader.line(); line.startsWith('O'); line = await reader.line()) {
    const space = line.indexOf(' ');
    const text = line.slice(space + 1);
    const kept = format < 4 ? outcomeText(readOutcome3(text)) : text;
    texts.push({ bytes: Number(line.slice(1, space)), text: kept });
  }
  invariant(texts.length === full, 'an image holds all outcomes that are kept in full');
  remembered.restoreOutcomes(texts);
  return footerOf(line);
}

async function readBlocks(
  { records }: MachineState,
  reader: ImageReader,
  { count, names }: NamesLine,
): Promise<void> {
  while (records.size < count) {
    const head = readBlockHead(await reader.bytes(BLOCK_HEAD_BYTES));
    const block = await reader.bytes(head.bytes);
    const before = records.size;
    for (const record of readBlock(block, names)) records.replace(null, record);
    invariant(records.size === before + head.count, 'a block of an image holds all its records');
    invariant(head.count > 0, 'a block of an image holds records');
  }
  invariant(records.size === count, 'an image holds as many records as it says');
}

async function readLines1(state: MachineState, reader: ImageReader): Promise<Footer> {
  let line = await reader.line();
  for (; line.startsWith('R'); line = await reader.line()) readRecord(state, line);
  for (; line.startsWith('C'); line = await reader.line()) {
    const { of, ...command } = JSON.parse(line.slice(1)) as CommandLine1;
    const record = of === undefined ? command.outcome.record : state.records.get(...of);
    const outcome = { ...command.outcome, record } as Outcome;
    state.remembered.add({ ...command, outcome });
  }
  return footerOf(line);
}

/** `of`: the record of the outcome, when it is the one in the image. */
type CommandLine1 = RememberedCommand & {
  readonly of?: readonly [kind: string, namespace: string, key: string];
};

const readRecord = (state: MachineState, line: string): void =>
  state.records.replace(null, JSON.parse(line.slice(1)) as StoredRecord);

function footerOf(line: string): Footer {
  invariant(line.startsWith('E'), 'an image ends with its footer');
  return JSON.parse(line.slice(1)) as Footer;
}
