import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** What `npm start` was asked for. */
export interface LaunchOptions {
  readonly nodes: number;
  readonly partitions: number;
  readonly dataDir: string;
  /** First ports to try; the next free one is taken. HTTP 0 lets every node pick its own. */
  readonly httpPort: number;
  readonly natsPort: number;
  readonly restart: boolean;
  /** Show all that the nodes log, not only warnings. */
  readonly verbose: boolean;
}

export const LAUNCH_USAGE = `Usage: npm start [-- options], or metad start [options]
Runs a whole cluster on this machine, one process per node: on NATS_URL and DATABASE_URL if they
are set, else on an embedded broker and Postgres (for development and demonstration).

  --nodes <n>        nodes n1, n2, … (default 3, at most 15)
  --partitions <n>   user partitions of a new cluster (default 8)
  --data <folder>    where everything is kept (default ./data)
  --http-port <n>    first HTTP port; the next free one is taken (default 8080; 0: any)
  --nats-port <n>    first port for the embedded broker (default 4222)
  --no-restart       leave a node that died dead, and say how to start it
  --verbose          show everything the nodes log, not only warnings

Environment: NATS_URL, DATABASE_URL (empty: no SQL projections), and what \`metad serve\` reads.
`;

/** A wrong flag: `message` names it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** As many as METAD_MEMBERS takes. */
const nodesMax = 15;
const partitionsMax = 16_384;

/** Null: help was asked for. Throws `UsageError` for anything it does not understand. */
export function parseLaunchOptions(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): LaunchOptions | null {
  const values = parse(args);
  if (values.help === true) return null;
  const number = (flag: keyof typeof values, fallback: string, min: number, max: number): number =>
    wholeNumber(`--${flag}`, String(values[flag] ?? fallback), min, max);
  return {
    nodes: number('nodes', '3', 1, nodesMax),
    partitions: number('partitions', env['METAD_PARTITIONS'] || '8', 1, partitionsMax),
    dataDir: resolve(values.data ?? './data'),
    httpPort: number('http-port', env['METAD_HTTP_PORT'] || '8080', 0, 65_535),
    natsPort: number('nats-port', '4222', 1, 65_535),
    restart: values['no-restart'] !== true,
    verbose: values.verbose === true,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      options: {
        nodes: { type: 'string' },
        partitions: { type: 'string' },
        data: { type: 'string' },
        'http-port': { type: 'string' },
        'nats-port': { type: 'string' },
        'no-restart': { type: 'boolean' },
        verbose: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`${name} must be a whole number from ${min} to ${max}, not "${text}"`);
}
