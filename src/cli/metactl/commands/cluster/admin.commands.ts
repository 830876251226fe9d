import { Option, SubCommand } from 'nest-commander';
import { MetadError } from '@metad/contract';
import { Unsupported } from '../../exit-code.js';
import { field } from '../../output/table.js';
import type { Column } from '../../output/table.js';
import { rowsOf } from '../../session/gateway.js';
import type { NodeAnswer } from '../../session/gateway.js';
import type { Session, SessionOptions } from '../../session/session.js';
import { ADMIN_VERBS } from './admin-verbs.js';
import type { AdminVerb } from './admin-verbs.js';
import { MetactlCommand } from '../metactl-command.js';

export interface AdminOptions extends SessionOptions {
  readonly node?: string;
}

/** A verb of the administration, on one node, on any, or on each of them. */
export abstract class AdminCommand<
  Options extends AdminOptions = AdminOptions,
> extends MetactlCommand<Options> {
  @Option({ flags: '--node <name>', description: 'ask this node' })
  parseNode(text: string): string {
    return text;
  }
}

type VerbClass = new () => MetactlCommand<SessionOptions>;

const NOT_YET = ' (not in this version)';

/** The classes for `ADMIN_VERBS`, by noun: they differ in nothing but their row of the table. */
export const ADMIN_COMMANDS: ReadonlyMap<string, readonly VerbClass[]> = new Map(
  [...new Set(ADMIN_VERBS.map((verb) => verb.noun))].map((noun) => [
    noun,
    ADMIN_VERBS.filter((verb) => verb.noun === noun).map(commandFor),
  ]),
);

function commandFor(spec: AdminVerb): VerbClass {
  const GeneratedCommand = spec.target === 'first-argument' ? fixedVerb(spec) : verbOf(spec);
  // The framework tells classes apart by their names.
  Object.defineProperty(GeneratedCommand, 'name', { value: `${spec.noun}-${spec.verb}-command` });
  SubCommand({
    name: spec.verb,
    description: `${spec.description}${spec.untilThen === undefined ? '' : NOT_YET}`,
    ...(spec.arguments !== undefined && { arguments: spec.arguments }),
  })(GeneratedCommand);
  return GeneratedCommand;
}

function verbOf(spec: AdminVerb): VerbClass {
  return class extends AdminCommand {
    protected override execute(
      session: Session,
      args: readonly string[],
      options: AdminOptions,
    ): Promise<void> {
      return perform(session, spec, args, options);
    }
  };
}

/** Its first argument says which node: there is no other to ask. */
function fixedVerb(spec: AdminVerb): VerbClass {
  return class extends MetactlCommand<SessionOptions> {
    protected override execute(session: Session, args: readonly string[]): Promise<void> {
      return perform(session, spec, args, { node: args[0] ?? '' });
    }
  };
}

async function perform(
  session: Session,
  spec: AdminVerb,
  args: readonly string[],
  options: AdminOptions,
): Promise<void> {
  try {
    await executeVerb(session, spec, args, options);
  } catch (error) {
    throw isUnknownVerb(error) ? notInThisVersion(spec) : error;
  }
}

/** A verb that metactl knows and the service does not: one is newer than the other. */
const isUnknownVerb = (error: unknown): boolean =>
  error instanceof MetadError && error.code === 'UNKNOWN_COMMAND';

const notInThisVersion = ({ noun, verb, untilThen }: AdminVerb): Unsupported => {
  const hint = untilThen === undefined ? '' : `\nUntil then: ${untilThen}`;
  return new Unsupported(
    `the version of metad that runs here does not have "${noun} ${verb}"${hint}`,
  );
};

async function executeVerb(
  { gateway, printer }: Session,
  spec: AdminVerb,
  args: readonly string[],
  options: AdminOptions,
): Promise<void> {
  const body = spec.body?.(args) ?? {};
  const { noun, verb } = spec.act ?? spec;
  const one = options.node;
  if (one !== undefined || spec.target === 'any') {
    const reply = await gateway.admin(one ?? '_any', noun, verb, body);
    if (Array.isArray(reply['items'])) printer.rows(rowsOf(reply), columnsOf(rowsOf(reply)));
    else printer.record(reply);
    return;
  }
  const nodes = await gateway.nodes();
  const answers = await askEach(nodes, (node) => gateway.admin(node, noun, verb, body));
  const rows = answers.flatMap(rowsWithNode);
  printer.rows(rows, columnsOf(rows));
}

/**
 * Asks each node for itself: that one does not know a job or a projection says nothing of the
 * others. Only if all of them refuse is the refusal the answer.
 */
async function askEach(
  nodes: readonly string[],
  ask: (node: string) => Promise<Record<string, unknown>>,
): Promise<NodeAnswer[]> {
  const settled = await Promise.allSettled(nodes.map(ask));
  const answers = settled.map((each, at): NodeAnswer & { cause: unknown } => {
    const node = nodes[at] ?? '';
    if (each.status === 'fulfilled') return { node, reply: each.value, error: null, cause: null };
    const cause: unknown = each.reason;
    return { node, reply: {}, error: cause instanceof Error ? cause.message : '', cause };
  });
  const [first] = answers;
  if (answers.every((answer) => answer.error !== null)) throw first?.cause;
  return answers.filter(({ cause }) => !(cause instanceof MetadError && cause.status === 404));
}

/** One row for every item, or one for the whole answer, or one for the error. */
export function rowsWithNode(answer: NodeAnswer): Record<string, unknown>[] {
  const { node, reply, error } = answer;
  if (error !== null) return [{ node, error }];
  const items = rowsOf(reply);
  if (Array.isArray(reply['items'])) return items.map((item) => ({ node, ...item }));
  return [{ node, ...reply }];
}

export function columnsOf(rows: readonly Record<string, unknown>[]): Column[] {
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  return [...names].map((name) => field(name));
}
