import { Command, Option } from 'nest-commander';
import type { Watch, WatchFilter, WatchMessage } from '@metad/client';
import { NAME_TOKEN } from '@metad/contract';
import { stringify } from 'yaml';
import { UsageError } from '../exit-code.js';
import { parseAssignments } from '../input/assignments.js';
import type { OutputFormat, Printer } from '../output/printer.js';
import { cellText } from '../output/table.js';
import type { Session, SessionOptions } from '../session/session.js';
import { ConnectedCommand, collect } from './metactl-command.js';
import { recordKindOf } from './read/kinds.js';

interface WatchOptions extends SessionOptions {
  readonly namespace: string;
  readonly kind?: string;
  readonly id?: string;
  readonly where?: string[];
  readonly from?: string;
}

const patienceMs = 3_000;

/** `metactl watch -n prod --kind resource --from snapshot`: prints until Ctrl-C. */
@Command({ name: 'watch', description: 'print changes as they are committed' })
export class WatchCommand extends ConnectedCommand<WatchOptions> {
  protected async execute(
    { requester, printer, prefix }: Session,
    _args: readonly string[],
    options: WatchOptions,
  ): Promise<void> {
    const client = await requester.client(options.namespace, prefix);
    const interrupted = new AbortController();
    const stop = (): void => interrupted.abort();
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    const watch = client.watch(filterOf(options), {
      from: options.from ?? 'now',
      progress: printer.format !== 'table',
      signal: interrupted.signal,
    });
    const impatience = setTimeout(() => sayIfNotLive(watch, printer), patienceMs);
    try {
      for await (const message of watch) print(message, printer);
    } finally {
      clearTimeout(impatience);
    }
  }

  @Option({ flags: '-n, --namespace <name>', description: 'tenant or environment', required: true })
  parseNamespace(text: string): string {
    if (NAME_TOKEN.test(text)) return text;
    throw new UsageError(`"${text}" is no namespace`);
  }

  @Option({ flags: '--kind <kind>', description: 'only this kind' })
  parseKind(text: string): string {
    return recordKindOf(text);
  }

  @Option({ flags: '--id <id>', description: 'only this record' })
  parseId(text: string): string {
    return text;
  }

  @Option({ flags: '--where <pairs...>', description: 'only records with these fields' })
  parseWhere(text: string, before?: string[]): string[] {
    return collect(text, before);
  }

  @Option({ flags: '--from <start>', description: 'now (default), snapshot, or a position' })
  parseFrom(text: string): string {
    return text;
  }
}

function filterOf({ kind, id, where = [] }: WatchOptions): WatchFilter {
  return {
    ...(kind !== undefined && { kind }),
    ...(id !== undefined && { id }),
    ...(parseAssignments('--where', where) as WatchFilter),
  };
}

/** The client goes on trying; the person at the terminal should know what it waits for. */
function sayIfNotLive(watch: Watch, printer: Printer): void {
  if (!watch.standing().live) printer.note('no node has opened the watch yet: still trying');
}

function print(message: WatchMessage, printer: Printer): void {
  if (message.event === 'restart') {
    const hint = 'what was printed is out of date; a snapshot follows';
    printer.note(`${message.reason}: ${hint}`);
  }
  const text = textOf(message, printer.format);
  if (text !== null) printer.text(text);
}

/** One line, or one YAML document; null for what only a program wants to see. */
function textOf(message: WatchMessage, format: OutputFormat): string | null {
  if (format === 'json') return JSON.stringify(message);
  if (format === 'yaml') return `---\n${stringify(message).trimEnd()}`;
  if (message.event === 'snapshot') return `snapshot  ${recordText(message.record)}`;
  if (message.event !== 'change') return null;
  const { type, kind, id, record, position, time, actor } = message;
  const what = record === null ? `${kind} ${id} is gone` : recordText(record);
  const by = actor === null ? '' : `  by ${cellText(actor)}`;
  return `${time}  ${type}  ${what}  ${position}${by}`;
}

/** `resource db-1 v3  tenantId=acme node=node-a`: what a line has room for. */
function recordText(record: Readonly<Record<string, unknown>>): string {
  const { kind, namespace, id, version, createdAt, updatedAt, ...rest } = record;
  const fields = Object.entries(rest)
    .map(([name, value]) => [name, cellText(value)] as const)
    .filter(([, text]) => text !== '-')
    .map(([name, text]) => `${name}=${text}`);
  const where = `${cellText(namespace)}/${cellText(id)}`;
  return `${cellText(kind)} ${where} v${cellText(version)}  ${fields.join(' ')}`;
}
