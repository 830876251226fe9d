import { Command, Option } from 'nest-commander';
import { LIMITS, type QueryReply } from '@metad/contract';
import { UsageError } from '../../exit-code.js';
import { field, yielding } from '../../output/table.js';
import type { Column } from '../../output/table.js';
import type { Printer } from '../../output/printer.js';
import type { Session } from '../../session/session.js';
import { wholeNumber } from '../../input/whole-number.js';
import { idParams, kindView, recordKindOf } from './kinds.js';
import { pagesOf } from './pages.js';
import { QueryCommand, SpanningQueryCommand, queryRequest } from './query-options.js';
import type { QueryOptions } from './query-options.js';

/** `metactl get resource acme/db-1 -n prod`. */
@Command({
  name: 'get',
  arguments: '<kind> <id>',
  description:
    'one record, by <tenant>, <tenant>/<resource>, <service>/<instance>, <map> or <table>',
})
export class GetCommand extends QueryCommand {
  protected async execute(
    { gateway, printer }: Session,
    [word = '', id = '']: readonly string[],
    options: QueryOptions,
  ): Promise<void> {
    const view = kindView(word);
    if (view.get === null) throw new UsageError(`there is no single ${view.kind} to get: use list`);
    const request = queryRequest(options, idParams(view, id));
    printItem(printer, await gateway.query(options.namespace, view.get, request));
  }
}

/** `metactl resolve shard users user-42`, `metactl resolve route web --where host=example.org`. */
@Command({
  name: 'resolve',
  arguments: '<shard|route> <map-or-table> [key]',
  description: 'where a key or a request goes',
})
export class ResolveCommand extends QueryCommand {
  protected async execute(
    { gateway, printer }: Session,
    [what, name = '', key]: readonly string[],
    options: QueryOptions,
  ): Promise<void> {
    const reply =
      what === 'shard'
        ? gateway.query(
            options.namespace,
            'ResolveShard',
            queryRequest(options, { map: name, key }),
          )
        : what === 'route'
          ? gateway.query(options.namespace, 'ResolveRoute', queryRequest(options, { table: name }))
          : null;
    if (reply === null) throw new UsageError(`resolve shard or route, not "${what ?? ''}"`);
    printItem(printer, await reply);
  }
}

/** What names a record where it may be gone: the service looks in all that it has had. */
const ID_OR_KEY =
  'its id as replies show it (db-1, <service>/<instance>); <tenant>/<resource> is one for certain';

interface HistoryOptions extends QueryOptions {
  readonly from?: string;
  readonly to?: string;
}

/** `metactl history resource db-1 -n prod`. */
@Command({
  name: 'history',
  arguments: '<kind> <id>',
  description: `every change of a record, by ${ID_OR_KEY}`,
})
export class HistoryCommand extends SpanningQueryCommand<HistoryOptions> {
  protected async execute(
    { gateway, printer }: Session,
    [word = '', id = '']: readonly string[],
    options: HistoryOptions,
  ): Promise<void> {
    const { from, to, namespace } = options;
    const request = queryRequest(options, { kind: recordKindOf(word), id, from, to });
    const rows: Record<string, unknown>[] = [];
    for await (const page of pagesOf(gateway, namespace, 'GetHistory', request, Infinity)) {
      rows.push(...page.items);
    }
    printer.rows(rows, HISTORY_COLUMNS);
  }

  @Option({ flags: '--from <moment>', description: 'ISO 8601, or a position' })
  parseFrom(text: string): string {
    return text;
  }

  @Option({ flags: '--to <moment>', description: 'ISO 8601, or a position' })
  parseTo(text: string): string {
    return text;
  }
}

const HISTORY_COLUMNS: readonly Column[] = [
  { title: 'version', of: versionOf, align: 'right' },
  field('from', 'validFrom'),
  field('event', 'type'),
  field('actor'),
  field('reason'),
  yielding(field('data')),
];

/** Empty where the change removed the record. */
function versionOf({ record }: Readonly<Record<string, unknown>>): unknown {
  return (record as { readonly version?: number } | null | undefined)?.version;
}

interface AsOfOptions extends QueryOptions {
  readonly at: string;
}

/** `metactl as-of resource db-1 --at 2026-11-22T12:00:00Z -n prod`. */
@Command({
  name: 'as-of',
  arguments: '<kind> <id>',
  description: `a record as it was then, by ${ID_OR_KEY}`,
})
export class AsOfCommand extends QueryCommand<AsOfOptions> {
  protected async execute(
    { gateway, printer }: Session,
    [word = '', id = '']: readonly string[],
    options: AsOfOptions,
  ): Promise<void> {
    const request = queryRequest(options, { kind: recordKindOf(word), id, at: options.at });
    printItem(printer, await gateway.query(options.namespace, 'GetAsOf', request));
  }

  @Option({ flags: '--at <moment>', description: 'ISO 8601, or a position', required: true })
  parseAt(text: string): string {
    return text;
  }
}

interface AnyQueryOptions extends QueryOptions {
  readonly limit?: number;
  readonly cursor?: string;
}

/** `metactl query CountBy -n prod --where kind=resource field=node`. */
@Command({ name: 'query', arguments: '<Query>', description: 'any query by its name' })
export class AnyQueryCommand extends SpanningQueryCommand<AnyQueryOptions> {
  protected async execute(
    { gateway, printer }: Session,
    [query = '']: readonly string[],
    options: AnyQueryOptions,
  ): Promise<void> {
    const { limit, cursor, namespace } = options;
    const reply = await gateway.query(namespace, query, {
      ...queryRequest(options),
      ...(limit !== undefined && { limit }),
      ...(cursor !== undefined && { cursor }),
    });
    if (reply.items !== undefined && printer.format === 'table') {
      printer.rows(reply.items, columnsOf(reply.items));
    } else printer.value(reply);
    if (reply.cursor !== undefined) printer.note(`there is more: --cursor ${reply.cursor}`);
  }

  @Option({ flags: '--limit <n>', description: 'at most so many rows; fewer if they are large' })
  parseLimit(text: string): number {
    return wholeNumber('--limit', text, 1, LIMITS.pageItemsMax);
  }

  @Option({ flags: '--cursor <cursor>', description: 'go on behind a page' })
  parseCursor(text: string): string {
    return text;
  }
}

/** The columns of rows that nobody described. */
function columnsOf(rows: readonly Record<string, unknown>[]): Column[] {
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  return [...names].map((name) => field(name));
}

function printItem(printer: Printer, reply: QueryReply): void {
  if (printer.format !== 'table') printer.value(reply);
  else printer.record({ ...reply.item, position: reply.position, lagMs: reply.lagMs });
}
