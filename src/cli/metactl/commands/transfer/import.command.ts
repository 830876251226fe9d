import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { Command, Option } from 'nest-commander';
import { EXIT, UsageError } from '../../exit-code.js';
import { loadState, saveState } from '../../import/import-state.js';
import type { ImportCounts, ImportState } from '../../import/import-state.js';
import type { CsvMapping } from '../../import/import-line.js';
import { countLines, openSource } from '../../import/import-source.js';
import { Importer } from '../../import/importer.js';
import { parseAssignments } from '../../input/assignments.js';
import { openProgress, rateText } from '../../output/progress.js';
import type { Session, SessionOptions } from '../../session/session.js';
import { ConnectedCommand, collect, oneOf } from '../metactl-command.js';
import { wholeNumber } from '../../input/whole-number.js';

const FORMATS = ['ndjson', 'csv'] as const;

interface ImportFlags extends SessionOptions {
  readonly namespace?: string;
  readonly format?: (typeof FORMATS)[number];
  readonly command?: string;
  readonly column?: string[];
  readonly set?: string[];
  readonly csvMap?: string;
  readonly concurrency?: number;
  readonly patience?: number;
  readonly label?: string;
  readonly state?: string;
  readonly restart?: boolean;
  readonly failFast?: boolean;
}

const concurrencyDefault = 64;
const patienceMsDefault = 60_000;

/** `metactl import commands.ndjson`; run it again to go on where it stopped. */
@Command({
  name: 'import',
  arguments: '<file>',
  description: 'send every command of a file (- for stdin), in order per record; resumable',
})
export class ImportCommand extends ConnectedCommand<ImportFlags> {
  protected async execute(
    { sender, printer }: Session,
    [path = '']: readonly string[],
    flags: ImportFlags,
  ): Promise<void> {
    const format = flags.format ?? (path.endsWith('.csv') ? 'csv' : 'ndjson');
    const mapping = format === 'csv' ? mappingOf(flags) : null;
    if (path !== '-' && !existsSync(path)) throw new UsageError(`no file ${path}`);
    const files = filesOf(path, flags);
    const before =
      flags.restart === true || files.state === null ? null : await loadState(files.state);
    const lines = openSource({ path, format, namespace: flags.namespace ?? null, mapping });
    const header = format === 'csv' ? 1 : 0;
    const total = ((await countLines(path)) ?? header) - header;
    const progress = openProgress(`import ${path}`, 'lines');
    const startedAt = performance.now();
    const patienceMs = flags.patience ?? patienceMsDefault;
    const commands = await sender();
    const importer = new Importer(
      { send: (...command) => commands.send(...command, patienceMs) },
      {
        concurrency: flags.concurrency ?? concurrencyDefault,
        label: flags.label ?? '',
        failFast: flags.failFast === true,
      },
      {
        onRejected: ({ number, text }, { code, message }) => {
          appendFileSync(
            files.rejected,
            `${JSON.stringify({ line: number, code, message, text })}\n`,
          );
        },
        onProgress: (settled, counts) => {
          progress.update(settled, Math.max(total, settled), noteOf(counts));
        },
        onState: async (state) => {
          if (files.state !== null) await saveState(files.state, state);
        },
      },
      before,
    );
    const isInterrupted = onInterrupt(() => importer.stop());
    let state: ImportState;
    try {
      state = await importer.run(lines);
    } finally {
      progress.end();
    }
    const seconds = (performance.now() - startedAt) / 1_000;
    const sent = state.lines - (before?.lines ?? 0);
    printer.record({
      lines: state.lines,
      ...state.counts,
      seconds: Number(seconds.toFixed(1)),
      perSecond: rateText(sent / Math.max(seconds, 0.001)),
    });
    if (isInterrupted()) printer.note('interrupted: the same command goes on from here');
    if (state.counts.rejected > 0) {
      printer.note(`refused lines are in ${files.rejected}`);
      process.exitCode = EXIT.rejected;
    }
  }

  @Option({ flags: '-n, --namespace <name>', description: 'for lines that name none, and for CSV' })
  parseNamespace(text: string): string {
    return text;
  }

  @Option({ flags: '--format <format>', description: 'ndjson or csv (default: by the name)' })
  parseFormat(text: string): string {
    return oneOf('--format', text, FORMATS);
  }

  @Option({ flags: '--command <Command>', description: 'CSV: what each row becomes' })
  parseCommand(text: string): string {
    return text;
  }

  @Option({ flags: '--column <pairs...>', description: 'CSV: field=column, labels.zone=column' })
  parseColumn(text: string, before?: string[]): string[] {
    return collect(text, before);
  }

  @Option({ flags: '--set <pairs...>', description: 'CSV: fields that are the same in every row' })
  parseSet(text: string, before?: string[]): string[] {
    return collect(text, before);
  }

  @Option({ flags: '--csv-map <file>', description: 'CSV: the same as a JSON file' })
  parseCsvMap(text: string): string {
    return text;
  }

  @Option({ flags: '--concurrency <n>', description: `under way at once (${concurrencyDefault})` })
  parseConcurrency(text: string): number {
    return wholeNumber('--concurrency', text, 1, 4_096);
  }

  @Option({ flags: '--patience <ms>', description: `for one command (${patienceMsDefault})` })
  parsePatience(text: string): number {
    return wholeNumber('--patience', text, 1, 86_400_000);
  }

  @Option({ flags: '--label <text>', description: 'another label sends the same lines anew' })
  parseLabel(text: string): string {
    return text;
  }

  @Option({ flags: '--state <file>', description: 'default: beside the file' })
  parseState(text: string): string {
    return text;
  }

  @Option({ flags: '--restart', description: 'begin at the first line again' })
  parseRestart(): boolean {
    return true;
  }

  @Option({ flags: '--fail-fast', description: 'stop at the first refused line' })
  parseFailFast(): boolean {
    return true;
  }
}

function filesOf(path: string, flags: ImportFlags): { state: string | null; rejected: string } {
  if (path === '-') return { state: flags.state ?? null, rejected: 'import.rejected.ndjson' };
  return { state: flags.state ?? `${path}.import-state.json`, rejected: `${path}.rejected.ndjson` };
}

/** From flags, over what a `--csv-map` file says. */
function mappingOf(flags: ImportFlags): CsvMapping {
  const file = flags.csvMap === undefined ? {} : readMapping(flags.csvMap);
  const columns = Object.fromEntries(
    (flags.column ?? []).map((pair) => {
      const [field = '', column = ''] = pair.split(/=(.*)/s, 2);
      if (field === '' || column === '') throw new UsageError(`--column ${pair}: field=column`);
      return [field, column];
    }),
  );
  const command = flags.command ?? file.command;
  const namespace = flags.namespace ?? file.namespace;
  if (command === undefined) throw new UsageError('CSV needs --command (or --csv-map)');
  if (namespace === undefined) throw new UsageError('CSV needs -n (or --csv-map)');
  return {
    command,
    namespace,
    columns: { ...file.columns, ...columns },
    constants: { ...file.constants, ...parseAssignments('--set', flags.set ?? []) },
  };
}

function readMapping(file: string): Partial<CsvMapping> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Partial<CsvMapping>;
  } catch (error) {
    throw new UsageError(`--csv-map ${file}: ${(error as Error).message}`);
  }
}

function noteOf({ duplicate, rejected }: ImportCounts): string {
  const notes = [];
  if (duplicate > 0) notes.push(`${duplicate} already there`);
  if (rejected > 0) notes.push(`${rejected} refused`);
  return notes.join(', ');
}

/** The first Ctrl-C lets what is under way finish; the second ends the process as usual. */
function onInterrupt(stop: () => void): () => boolean {
  let isInterrupted = false;
  process.once('SIGINT', () => {
    isInterrupted = true;
    process.exitCode = 130;
    stop();
  });
  return () => isInterrupted;
}
