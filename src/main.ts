import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { loadHasher } from '@metad/partition';
import { UnknownFlagError } from './app/command-line.js';
import { ConfigurationError, type Configuration } from './app/configuration.js';
import { createLogger } from './app/logger.js';
import { serve } from './app/serve.js';
import { checkedConfiguration } from './app/settings/checked-configuration.js';
import { configPrint } from './app/settings/config-print.js';
import { secretsIn } from './app/settings/masking.js';
import { gather } from './app/settings/sources.js';
import { warningsOf } from './app/settings/warnings.js';
import { readableLine } from './app/telemetry/log-line.js';
import { createToken, TOKEN_USAGE, TokenUsageError } from './http/access/create-token.js';

const USAGE = `metad — one node of a cluster

  metad serve [--node n1] [--members n1,n2,n3] [--nats-url nats://…] [--database-url postgres://…] …
  metad config print [--output table|json] [flags of serve]
  metad token create --role reader|writer|operator [--namespace prod] [--name ci] [--expires 90d]
  metad --version

Every setting is an environment variable, or a flag of the same name:
docs/reference/configuration.md.
To run a whole cluster on this machine: npm start
`;

async function main(args: readonly string[]): Promise<number> {
  if (args[0] === '--version') return say(version());
  const [command = 'serve', ...flags] = args[0]?.startsWith('--') ? ['serve', ...args] : args;
  if (command === 'help' || args.includes('--help')) return say(USAGE);
  if (command === 'config') return printConfiguration(flags);
  if (command === 'token') return printToken(flags);
  if (command !== 'serve') return complain(`unknown command ${command}\n\n${USAGE}`);
  const environment = faultsAsLines(() => gather(flags, process.env).environment);
  if (environment === null) return 1;
  const configuration = faultsAsLines(() => checkedConfiguration(environment));
  if (configuration === null) return 1;
  await loadHasher();
  const logger = loggerOf(configuration, environment);
  for (const { variable, reason } of warningsOf(environment)) {
    logger.warn({ variable, reason }, 'configuration warning');
  }
  return serve(configuration, logger, version());
}

const loggerOf = (configuration: Configuration, environment: NodeJS.ProcessEnv) =>
  createLogger(configuration, secretsIn(environment));

/**
 * Every fault on a line of its own, in JSON, since whoever starts a node reads its log; for people
 * where that is a terminal.
 */
function faultsAsLines<Result>(read: () => Result): Result | null {
  try {
    return read();
  } catch (error) {
    const faults = faultsOf(error);
    for (const fault of faults) {
      const line = JSON.stringify({ level: 'fatal', msg: 'configuration fault', ...fault });
      complain(process.stderr.isTTY ? readableLine(line, false).trimEnd() : line);
    }
    return null;
  }
}

function faultsOf(error: unknown): readonly { readonly variable?: string; reason: string }[] {
  if (error instanceof ConfigurationError) return error.faults;
  if (error instanceof UnknownFlagError) return [{ reason: error.message }];
  throw error;
}

function printConfiguration([verb, ...flags]: readonly string[]): number {
  if (verb !== 'print') return complain(USAGE);
  const printed = faultsAsLines(() => configPrint(flags, process.env));
  if (printed === null) return 1;
  say(printed.out);
  for (const { variable, reason } of printed.faults) complain(`${variable} ${reason}`);
  return printed.faults.length === 0 ? 0 : 1;
}

/** The token alone on standard output, so that it can be piped; the entry beside it. */
function printToken([verb, ...flags]: readonly string[]): number {
  if (verb !== 'create') return complain(TOKEN_USAGE);
  try {
    const { token, entry } = createToken(flags, Date.now());
    complain('# The token is shown this once, on standard output; this is its entry:');
    complain(entry);
    return say(token);
  } catch (error) {
    if (error instanceof TokenUsageError) return complain(`${error.message}\n\n${TOKEN_USAGE}`);
    throw error;
  }
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

function complain(text: string): number {
  process.stderr.write(`${text}\n`);
  return 1;
}

process.exitCode = await main(process.argv.slice(2));
