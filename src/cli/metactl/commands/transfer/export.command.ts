import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { Command, Option } from 'nest-commander';
import { openProgress } from '../../output/progress.js';
import type { Session } from '../../session/session.js';
import { kindView } from '../read/kinds.js';
import type { KindView } from '../read/kinds.js';
import { oneOf } from '../metactl-command.js';
import { pagesOf } from '../read/pages.js';
import { SpanningQueryCommand, queryRequest } from '../read/query-options.js';
import type { QueryOptions } from '../read/query-options.js';
import { EXPORTED_KINDS, csvHeader, csvLine, importLine } from './export-lines.js';

const FORMATS = ['records', 'commands', 'csv'] as const;

interface ExportOptions extends QueryOptions {
  readonly format?: (typeof FORMATS)[number];
  readonly file?: string;
}

/** `metactl export -n prod --as commands --file prod.ndjson`, to be read by `metactl import`. */
@Command({
  name: 'export',
  arguments: '[kinds...]',
  description: 'write records (NDJSON or CSV), or the commands that would make them again',
})
export class ExportCommand extends SpanningQueryCommand<ExportOptions> {
  protected async execute(
    { gateway, printer }: Session,
    args: readonly string[],
    options: ExportOptions,
  ): Promise<void> {
    const words = args.length > 0 ? args : EXPORTED_KINDS;
    const { format = 'records', namespace } = options;
    const out = options.file === undefined ? process.stdout : createWriteStream(options.file);
    const progress = openProgress('export', 'records');
    let done = 0;
    for (const view of words.map(kindView)) {
      if (view.list === null) continue;
      if (format === 'csv') await write(out, csvHeader(view));
      const request = queryRequest(options);
      for await (const page of pagesOf(gateway, namespace, view.list, request, Infinity)) {
        const lines = page.items.map((item) => lineFor(format, view, item, namespace));
        await write(out, lines.join(''));
        done += page.items.length;
        progress.update(done, done);
      }
    }
    progress.end();
    if (out !== process.stdout) {
      out.end();
      await once(out, 'finish');
      printer.note(`${done} records written to ${options.file ?? ''}`);
    }
  }

  @Option({
    flags: '--as <format>',
    name: 'format',
    description: 'records (default), commands, csv',
  })
  parseAs(text: string): string {
    return oneOf('--as', text, FORMATS);
  }

  @Option({ flags: '--file <path>', description: 'default: stdout' })
  parseFile(text: string): string {
    return text;
  }
}

function lineFor(
  format: (typeof FORMATS)[number],
  view: KindView,
  item: Readonly<Record<string, unknown>>,
  namespace: string,
): string {
  if (format === 'csv') return csvLine(view, item);
  const value = format === 'commands' ? importLine(view, item, namespace) : item;
  return `${JSON.stringify(value)}\n`;
}

/** Waits for a slow reader instead of gathering its output in memory. */
async function write(out: Writable, text: string): Promise<void> {
  if (text !== '' && !out.write(text)) await once(out, 'drain');
}
