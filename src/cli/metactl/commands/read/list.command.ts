import { Command, Option } from 'nest-commander';
import { UsageError } from '../../exit-code.js';
import type { Session } from '../../session/session.js';
import { kindView } from './kinds.js';
import { wholeNumber } from '../../input/whole-number.js';
import { pagesOf } from './pages.js';
import { SpanningQueryCommand, queryRequest } from './query-options.js';
import type { QueryOptions } from './query-options.js';

interface ListOptions extends QueryOptions {
  readonly limit?: number;
  readonly all?: boolean;
}

const defaultLimit = 100;

/** `metactl list resources -n prod --where node=node-a`. */
@Command({
  name: 'list',
  arguments: '<kind>',
  description: 'records, by the columns that are indexed',
})
export class ListCommand extends SpanningQueryCommand<ListOptions> {
  protected async execute(
    { gateway, printer }: Session,
    [word = '']: readonly string[],
    options: ListOptions,
  ): Promise<void> {
    const view = kindView(word);
    if (view.list === null) throw new UsageError(`${view.kind} cannot be listed`);
    const wanted =
      options.all === true ? Number.POSITIVE_INFINITY : (options.limit ?? defaultLimit);
    const rows: Record<string, unknown>[] = [];
    const request = queryRequest(options);
    let more = false;
    for await (const page of pagesOf(gateway, options.namespace, view.list, request, wanted)) {
      rows.push(...page.items);
      more = page.cursor !== undefined;
      if (rows.length >= wanted) break;
    }
    printer.rows(rows, view.columns);
    if (more) printer.note(`there are more than these ${rows.length}: --all, or a larger --limit`);
  }

  @Option({ flags: '--limit <n>', description: `at most so many rows (default: ${defaultLimit})` })
  parseLimit(text: string): number {
    return wholeNumber('--limit', text, 1, 1_000_000);
  }

  @Option({ flags: '--all', description: 'every row, page by page' })
  parseAll(): boolean {
    return true;
  }
}
