import { Option } from 'nest-commander';
import type { Consistency, QueryRequest } from '@metad/contract';
import { parseAssignments } from '../../input/assignments.js';
import type { SessionOptions } from '../../session/session.js';
import { MetactlCommand, collect, oneOf } from '../metactl-command.js';
import { wholeNumber } from '../../input/whole-number.js';

const CONSISTENCIES = ['linearizable', 'session', 'bounded', 'any'] as const;

export interface QueryOptions extends SessionOptions {
  readonly namespace: string;
  readonly where?: string[];
  readonly consistency?: Consistency;
  readonly position?: string;
  readonly maxLag?: number;
}

/** What all queries have in common: where, and how fresh. */
export abstract class QueryCommand<
  Options extends QueryOptions = QueryOptions,
> extends MetactlCommand<Options> {
  @Option({ flags: '-n, --namespace <name>', description: 'tenant or environment', required: true })
  parseNamespace(text: string): string {
    return text;
  }

  @Option({ flags: '--where <pairs...>', description: 'parameters: key=text, key:=json' })
  parseWhere(text: string, before?: string[]): string[] {
    return collect(text, before);
  }

  @Option({ flags: '--consistency <level>', description: CONSISTENCIES.join(', ') })
  parseConsistency(text: string): Consistency {
    return oneOf('--consistency', text, CONSISTENCIES);
  }

  @Option({ flags: '--position <position>', description: 'at least as new as this write' })
  parsePosition(text: string): string {
    return text;
  }

  @Option({ flags: '--max-lag <ms>', description: 'with --consistency bounded' })
  parseMaxLag(text: string): number {
    return wholeNumber('--max-lag', text, 0, 86_400_000);
  }
}

/** What a query of many records has beside that: it may span namespaces. */
export abstract class SpanningQueryCommand<
  Options extends QueryOptions = QueryOptions,
> extends QueryCommand<Options> {
  @Option({
    flags: '-n, --namespace <name>',
    description: 'tenant or environment; _all for every one',
    required: true,
  })
  override parseNamespace(text: string): string {
    return text;
  }
}

export function queryRequest(options: QueryOptions, params: object = {}): QueryRequest {
  const { consistency, position, maxLag } = options;
  return {
    params: { ...params, ...parseAssignments('--where', options.where ?? []) },
    ...(consistency !== undefined && { consistency }),
    ...(position !== undefined && { position }),
    ...(maxLag !== undefined && { maxLagMs: maxLag }),
  };
}
