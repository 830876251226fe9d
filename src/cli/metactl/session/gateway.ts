import { MetadError, NAME_TOKEN, subjectsUnder } from '@metad/contract';
import type { QueryReply, QueryRequest } from '@metad/contract';
import { NobodyAnswers } from '../../broker-errors.js';
import type { Requester } from '../../service-requester.js';
import { UsageError } from '../exit-code.js';

/**
 * What metactl asks the service: queries and administration, one attempt each, so that a person
 * learns at once what is wrong. Commands are `CommandSender`'s.
 */
export class Gateway {
  private readonly subjects;

  constructor(
    private readonly requester: Requester,
    prefix: string,
    private readonly timeoutMs: number,
  ) {
    this.subjects = subjectsUnder(prefix);
  }

  async query(namespace: string, query: string, request: QueryRequest): Promise<QueryReply> {
    const subject = this.subjects.query(
      subjectNameOf('namespace', namespace),
      subjectNameOf('query', query),
    );
    return (await this.requester.request(subject, request, this.timeoutMs)) as QueryReply;
  }

  /** `node` is a name, or `_any`. */
  async admin(
    node: string,
    noun: string,
    verb: string,
    body: object = {},
  ): Promise<Record<string, unknown>> {
    const subject = this.subjects.admin(subjectNameOf('node', node), noun, verb);
    return (await this.requester.request(subject, body, this.timeoutMs)) as Record<string, unknown>;
  }

  /** The nodes that replicate the system partition, sorted. Any of them knows. */
  async nodes(): Promise<string[]> {
    const reply = await this.admin('_any', 'partition', 'describe', { partition: 0 });
    const [system] = rowsOf(reply);
    const names = [...listOf(system?.['voters']), ...listOf(system?.['learners'])];
    return [...new Set(names)].sort();
  }

  /** Asks `node`, whose failure is then the answer; all of them when it is not given. */
  async adminOf(
    node: string | undefined,
    noun: string,
    verb: string,
    body: object = {},
  ): Promise<NodeAnswer[]> {
    if (node === undefined) return this.adminEach(await this.nodes(), noun, verb, body);
    return [{ node, reply: await this.admin(node, noun, verb, body), error: null }];
  }

  /**
   * The same question to several nodes at once. A node that is away has `error` instead of `reply`;
   * what a node refuses is thrown, for then the others would refuse it too.
   */
  async adminEach(
    nodes: readonly string[],
    noun: string,
    verb: string,
    body: object = {},
  ): Promise<NodeAnswer[]> {
    return Promise.all(
      nodes.map(async (node): Promise<NodeAnswer> => {
        try {
          return { node, reply: await this.admin(node, noun, verb, body), error: null };
        } catch (error) {
          if (error instanceof MetadError && error.status < 500) throw error;
          const text = error instanceof NobodyAnswers ? 'not reachable' : (error as Error).message;
          return { node, reply: {}, error: text };
        }
      }),
    );
  }
}

export interface NodeAnswer {
  readonly node: string;
  readonly reply: Readonly<Record<string, unknown>>;
  readonly error: string | null;
}

/** The `items` of a reply, as rows. */
export function rowsOf(reply: Readonly<Record<string, unknown>>): Record<string, unknown>[] {
  const { items } = reply;
  return Array.isArray(items) ? (items as Record<string, unknown>[]) : [];
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === 'string') : [];
}

/** What becomes part of a subject must be one token, or the request would go somewhere else. */
export function subjectNameOf(what: string, text: string): string {
  if (NAME_TOKEN.test(text)) return text;
  throw new UsageError(`"${text}" is no ${what}: letters, digits, _ and - only, at most 64`);
}
