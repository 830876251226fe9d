import 'reflect-metadata';
import { CommandFactory, type CommandRunner } from 'nest-commander';
import { CompletionCommand } from '../../src/cli/metactl/commands/completion.command.js';
import { EXIT } from '../../src/cli/metactl/exit-code.js';
import { MetactlModule } from '../../src/cli/metactl/metactl.module.js';
import { code, table } from './markdown.js';

type Command = CommandRunner['command'];

const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  done: 'done',
  usage: 'the command line cannot be meant; the message says what to write instead',
  cannotConnect: 'no broker, or no node behind it',
  notAllowed: 'the broker or the service refuses this user',
  rejected: 'refused: a rule, a conflict, a deadline, a verb that comes later; definite',
  serverFault: 'the service could not do it now',
  outcomeUnknown: 'the command may have taken effect: repeat it with the same `--command-id`',
  degraded: 'a check found something wrong',
};

/** What metactl reads of its environment; a context of the nats command line has the same. */
const ENVIRONMENT = [
  [code('NATS_URL'), 'the broker; several URLs with commas. Without it the context in use counts'],
  [code('NATS_CREDS') + ' · ' + code('NATS_NKEY'), 'path of a credentials or an NKey seed file'],
  [
    ['NATS_TLS_CA', 'NATS_TLS_CERT', 'NATS_TLS_KEY'].map(code).join(' · '),
    'paths of the authority, and of a certificate with its key',
  ],
  [
    code('NATS_INBOX_PREFIX'),
    'where answers go, `_INBOX` by default: `_INBOX.ops` where the broker keeps users apart ' +
      "(docs/guides/secure.md); it begins with `_INBOX`, or is the nodes' `METAD_INBOX_PREFIX`",
  ],
  [code('METAD_SUBJECT_PREFIX'), 'as the nodes have it, `metad.v1` by default'],
];

async function rootCommand(): Promise<Command> {
  const options = { logger: false, cliName: 'metactl' } as const;
  const app = await CommandFactory.createWithoutRunning(MetactlModule, options);
  await app.init();
  const { command } = app.get<CompletionCommand, { command: Command }>(CompletionCommand);
  if (command.parent === null) throw new Error('the program has no commands');
  return command.parent;
}

function leaves(command: Command, path: string): [path: string, command: Command][] {
  return command.commands.flatMap((each) => {
    const here = `${path} ${each.name()}`;
    return each.commands.length > 0 ? leaves(each, here) : [[here, each]];
  });
}

const argumentsOf = (command: Command): string =>
  command.registeredArguments
    .map((each) => {
      const name = `${each.name()}${each.variadic ? '...' : ''}`;
      return each.required ? ` <${name}>` : ` [${name}]`;
    })
    .join('');

type CommanderOption = Command['options'][number];
const identityOf = ({ flags, description }: CommanderOption): string => `${flags} ${description}`;

/** Flags, with their meaning, of three verbs in four. */
function sharedBy(commands: readonly Command[]): CommanderOption[] {
  const options = new Map<string, CommanderOption[]>();
  for (const option of commands.flatMap((command) => command.options)) {
    const identity = identityOf(option);
    options.set(identity, [...(options.get(identity) ?? []), option]);
  }
  return [...options.values()]
    .filter((same) => same.length > commands.length * (3 / 4))
    .flatMap((same) => same.slice(0, 1));
}

/** What stands in angle brackets would be taken for HTML. */
const describe = (command: Command): string =>
  command.description().replace(/<[\w-]+>(?:\/<[\w-]+>)*/g, (name) => code(name));

export async function metactlPage(): Promise<string> {
  const all = leaves(await rootCommand(), 'metactl');
  const shared = sharedBy(all.map(([, command]) => command));
  const everywhere = shared.map(identityOf);
  const flagRows = (options: readonly CommanderOption[]): string[][] =>
    options.map(({ flags, description }) => [code(flags), description]);
  const verbs = all.map(([path, command]) => {
    const own = command.options.filter((option) => !everywhere.includes(identityOf(option)));
    const flags = own.length === 0 ? '' : `\n\n${table(['flag', 'meaning'], flagRows(own))}`;
    return `### ${code(`${path}${argumentsOf(command)}`)}\n\n${describe(command)}${flags}`;
  });
  const exits = Object.entries(EXIT).map(([name, value]) => [
    String(value),
    EXIT_MEANINGS[name as keyof typeof EXIT],
  ]);
  return `# metactl

\`npx metactl <noun> <verb>\`, on the broker of \`--context\`, \`NATS_URL\`
or the NATS context in use.

## The broker

${table(['variable', 'meaning'], ENVIRONMENT)}

## Exit codes

${table(['code', 'meaning'], exits)}

## Flags of nearly every verb

${table(['flag', 'meaning'], flagRows(shared))}

## Verbs

${verbs.join('\n\n')}
`;
}
