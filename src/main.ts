import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { loadHasher } from '@metad/partition';
import { flagsToEnvironment, UnknownFlagError } from './app/command-line.js';
import { ConfigurationError, readConfiguration, type Configuration } from './app/configuration.js';
import { createLogger } from './app/logger.js';
import { serve } from './app/serve.js';

const USAGE = `metad — one node of a cluster

  metad serve [--node n1] [--members n1,n2,n3] [--nats-url nats://…] [--database-url postgres://…] …
  metad --version

Every setting is an environment variable, or a flag of the same name:
docs/reference/configuration.md.
To run a whole cluster on this machine: npm start
`;

async function main(args: readonly string[]): Promise<number> {
  if (args[0] === '--version') return say(version());
  const [command = 'serve', ...flags] = args[0]?.startsWith('--') ? ['serve', ...args] : args;
  if (command === 'help' || args.includes('--help')) return say(USAGE);
  if (command !== 'serve') return complain(`unknown command ${command}\n\n${USAGE}`);
  const configuration = configure(flags);
  if (configuration === null) return 1;
  await loadHasher();
  return serve(configuration, createLogger(configuration), version());
}

/** Every fault on a line of its own, in JSON, since whoever starts a node reads its log. */
function configure(flags: readonly string[]): Configuration | null {
  try {
    return readConfiguration({ ...process.env, ...flagsToEnvironment(flags) });
  } catch (error) {
    if (error instanceof ConfigurationError) {
      for (const { variable, reason } of error.faults) {
        complain(JSON.stringify({ level: 'fatal', msg: 'configuration fault', variable, reason }));
      }
      return null;
    }
    if (error instanceof UnknownFlagError) {
      complain(
        JSON.stringify({ level: 'fatal', msg: 'configuration fault', reason: error.message }),
      );
      return null;
    }
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
