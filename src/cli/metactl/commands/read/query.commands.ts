import { Command, Option } from 'nest-commander';
import type { QueryReply } from '@metad/contract';
import { UsageError } from '../../exit-code.js';
import { field, yielding } from '../../output/table.js';
import type { Column } from '../../output/table.js';
import type { Printer } from '../../output/printer.js';
import type { Session } from '../../session/session.js';
import { idParams, kindView } from './kinds.js';
import { QueryCommand, queryRequest } from './query-options.js';
import type { QueryOptions } from './query-options.js';

/** `metactl get resource acme/db-1 -n prod`. */
@Command({ name: 'get', arguments: '<kind> <id>', description: 'one record, by id' })
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

interface HistoryOptions extends QueryOptions {
  readonly from?: string;
  readonly to?: string;
}

/** `metactl history resource db-1 -n prod`. */
@Command({ name: 'history', arguments: '<kind> <id>', description: 'every change of a record' })
export class HistoryCommand extends QueryCommand<HistoryOptions> {
  protected async execute(
    { gateway, printer }: Session,
    [word = '', id = '']: readonly string[],
    options: HistoryOptions,
  ): Promise<void> {
    const { from, to, namespace } = options;
    const request = queryRequest(options, { kind: kindView(word).kind, id, from, to });
    const reply = await gateway.query(namespace, 'GetHistory', request);
    printer.rows(reply.items ?? [], HISTORY_COLUMNS);
  }

  @Option({ flags: '--from <time>', description: 'ISO 8601' })
  parseFrom(text: string): string {
    return text;
  }

  @Option({ flags: '--to <time>', description: 'ISO 8601' })
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
@Command({ name: 'as-of', arguments: '<kind> <id>', description: 'a record as it was then' })
export class AsOfCommand extends QueryCommand<AsOfOptions> {
  protected async execute(
    { gateway, printer }: Session,
    [word = '', id = '']: readonly string[],
    options: AsOfOptions,
  ): Promise<void> {
    const request = queryRequest(options, { kind: kindView(word).kind, id, at: options.at });
    printItem(printer, await gateway.query(options.namespace, 'GetAsOf', request));
  }

  @Option({ flags: '--at <time>', description: 'ISO 8601, or a position', required: true })
  parseAt(text: string): string {
    return text;
  }
}

/** `metactl query CountBy -n prod --where kind=resource field=node`. */
@Command({ name: 'query', arguments: '<Query>', description: 'any query by its name' })
export class AnyQueryCommand extends QueryCommand {
  protected async execute(
    { gateway, printer }: Session,
    [query = '']: readonly string[],
    options: QueryOptions,
  ): Promise<void> {
    const reply = await gateway.query(options.namespace, query, queryRequest(options));
    if (reply.items !== undefined && printer.format === 'table') {
      printer.rows(reply.items, columnsOf(reply.items));
    } else printer.value(reply);
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
