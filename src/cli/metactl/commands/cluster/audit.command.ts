import { Option, SubCommand } from 'nest-commander';
import { field } from '../../output/table.js';
import { rowsOf } from '../../session/gateway.js';
import type { Session } from '../../session/session.js';
import { wholeNumber } from '../../input/whole-number.js';
import { AdminCommand, type AdminOptions } from './admin.commands.js';

interface AuditOptions extends AdminOptions {
  readonly kind?: string;
  readonly actor?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

const limitMax = 1_000;
const COLUMNS = ['node', 'at', 'kind', 'actor', 'via', 'action', 'namespace', 'outcome', 'details'];

/** Each node keeps what it saw itself: without `--node` all are asked, newest first. */
@SubCommand({ name: 'list', description: 'who did what, and what was refused, newest first' })
export class AuditListCommand extends AdminCommand<AuditOptions> {
  @Option({ flags: '--kind <kind>', description: 'administration, command or access' })
  parseKind(text: string): string {
    return text;
  }

  @Option({ flags: '--actor <actor>', description: 'of this one only' })
  parseActor(text: string): string {
    return text;
  }

  @Option({ flags: '--limit <n>', description: 'at most so many from each node (default 100)' })
  parseLimit(text: string): number {
    return wholeNumber('--limit', text, 1, limitMax);
  }

  @Option({ flags: '--cursor <cursor>', description: 'go on behind a page; needs --node' })
  parseCursor(text: string): string {
    return text;
  }

  protected override async execute(
    { gateway, printer }: Session,
    _args: readonly string[],
    options: AuditOptions,
  ): Promise<void> {
    const { node, kind, actor, limit, cursor } = options;
    const body = Object.fromEntries(
      Object.entries({ kind, actor, limit, cursor }).filter(([, value]) => value !== undefined),
    );
    const answers = await gateway.adminOf(node, 'audit', 'list', body);
    const rows = answers.flatMap((answer) =>
      answer.error === null
        ? rowsOf(answer.reply).map((row) => ({ node: answer.node, ...row }))
        : [{ node: answer.node, details: answer.error }],
    );
    rows.sort((a, b) => timeOf(b).localeCompare(timeOf(a)));
    printer.rows(
      rows,
      COLUMNS.map((name) => field(name)),
    );
    const next = node === undefined ? undefined : answers[0]?.reply['cursor'];
    if (typeof next === 'string') printer.note(`more with --cursor ${next}`);
  }
}

const timeOf = (row: Readonly<Record<string, unknown>>): string =>
  typeof row['at'] === 'string' ? row['at'] : '';
