import { LIMITS, NAME_TOKEN } from '@metad/contract';
import { nodeName, type NodeName } from '@metad/foundation';
import { z } from 'zod';

/**
 * Everything that can be set from outside, checked and typed. Source:
 * docs/reference/configuration.md.
 */
export interface Configuration {
  readonly cluster: string;
  readonly node: NodeName;
  readonly members: readonly NodeName[];
  readonly dataDir: string;
  readonly partitions: number;
  readonly nats: NatsSettings;
  readonly database: { readonly url: string; readonly schema: string } | null;
  readonly http: { readonly host: string; readonly port: number };
  readonly subjectPrefix: string;
  readonly nodeSecrets: readonly string[];
  readonly heartbeatMs: number;
  readonly electionMs: number;
  readonly snapshotEntries: number;
  /** `keep` for ever, `off`, or milliseconds. */
  readonly archive: 'keep' | 'off' | number;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  readonly limits: typeof LIMITS;
}

export interface NatsSettings {
  readonly servers: readonly string[];
  readonly credsFile: string | null;
  readonly nkeyFile: string | null;
  readonly tls: {
    readonly ca: string | null;
    readonly cert: string | null;
    readonly key: string | null;
  };
}

const token = z.string().regex(NAME_TOKEN, 'must be 1 to 64 of A-Z a-z 0-9 _ -');
const list = z.string().transform((text) => text.split(',').map((part) => part.trim()));
const integer = (low: number, high: number) =>
  z.coerce.number(`must be a whole number`).int('must be a whole number').min(low).max(high);
const durationUnits = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const duration = z
  .string()
  .regex(/^\d{1,9}(ms|s|m|h|d)$/, 'must be keep, off or a duration such as 30d')
  .transform((text) => {
    const unit = /[a-z]+$/.exec(text)?.[0] as keyof typeof durationUnits;
    return parseInt(text, 10) * durationUnits[unit];
  });
const blank = z.literal('').transform(() => undefined);
const optional = z.string().min(1).or(blank).optional();

/** The environment, variable by variable, with defaults. */
export const environmentSchema = z.object({
  METAD_CLUSTER: token.default('metad'),
  METAD_NODE: token,
  METAD_MEMBERS: list.pipe(z.array(token).min(1).max(15)).optional(),
  METAD_DATA_DIR: optional,
  METAD_PARTITIONS: integer(1, 16_384).default(8),
  NATS_URL: list.pipe(z.array(z.string().min(1)).min(1)),
  NATS_CREDS: optional,
  NATS_NKEY: optional,
  NATS_TLS_CA: optional,
  NATS_TLS_CERT: optional,
  NATS_TLS_KEY: optional,
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres:// or postgresql://')
    .or(blank)
    .optional(),
  DATABASE_SCHEMA: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'must be a plain lower-case SQL identifier')
    .optional(),
  METAD_HTTP_HOST: z.string().min(1).default('127.0.0.1'),
  METAD_HTTP_PORT: integer(0, 65_535).default(8080),
  METAD_SUBJECT_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,32}(\.[A-Za-z0-9_-]{1,32}){0,3}$/, 'must be 1 to 4 subject tokens')
    .default('metad.v1'),
  METAD_NODE_SECRET: list
    .pipe(z.array(z.string().min(16, 'must be 16 characters at least')).max(2))
    .optional(),
  METAD_HEARTBEAT_MS: integer(10, 60_000).default(100),
  METAD_ELECTION_MS: integer(50, 600_000).default(1000),
  METAD_SNAPSHOT_ENTRIES: integer(100, 100_000_000).default(10_000),
  METAD_ARCHIVE: z.enum(['keep', 'off']).or(duration).default('keep'),
  METAD_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
});

/** Every fault of a configuration, each naming its variable. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  constructor(readonly faults: readonly { readonly variable: string; readonly reason: string }[]) {
    super(faults.map((fault) => `${fault.variable}: ${fault.reason}`).join('; '));
  }
}

/** Reads and checks the environment. Throws ConfigurationError with all faults at once. */
export function readConfiguration(environment: NodeJS.ProcessEnv): Configuration {
  const parsed = environmentSchema.safeParse(environment);
  const faults = parsed.success
    ? crossFaults(parsed.data)
    : parsed.error.issues.map(({ path, message, code, input }) => ({
        variable: path.join('.'),
        reason: code === 'invalid_type' && input === undefined ? 'is required' : message,
      }));
  if (faults.length > 0 || !parsed.success) throw new ConfigurationError(faults);
  return toConfiguration(parsed.data);
}

type Environment = z.infer<typeof environmentSchema>;

function crossFaults(env: Environment): { variable: string; reason: string }[] {
  const faults: { variable: string; reason: string }[] = [];
  const members = env.METAD_MEMBERS ?? [env.METAD_NODE];
  if (!members.includes(env.METAD_NODE)) {
    faults.push({
      variable: 'METAD_MEMBERS',
      reason: `must contain METAD_NODE (${env.METAD_NODE})`,
    });
  }
  if (new Set(members).size !== members.length) {
    faults.push({ variable: 'METAD_MEMBERS', reason: 'must not name a node twice' });
  }
  if (env.METAD_ELECTION_MS < env.METAD_HEARTBEAT_MS * 3) {
    faults.push({
      variable: 'METAD_ELECTION_MS',
      reason: `must be at least three heartbeats (METAD_HEARTBEAT_MS is ${env.METAD_HEARTBEAT_MS})`,
    });
  }
  if ((env.NATS_TLS_CERT === undefined) !== (env.NATS_TLS_KEY === undefined)) {
    faults.push({ variable: 'NATS_TLS_CERT', reason: 'must be given together with NATS_TLS_KEY' });
  }
  return faults;
}

function toConfiguration(env: Environment): Configuration {
  const node = nodeName(env.METAD_NODE);
  const schema = env.DATABASE_SCHEMA ?? `metad_${node.toLowerCase().replaceAll('-', '_')}`;
  return {
    cluster: env.METAD_CLUSTER,
    node,
    members: (env.METAD_MEMBERS ?? [env.METAD_NODE]).map(nodeName).sort(),
    dataDir: env.METAD_DATA_DIR ?? `./data/${env.METAD_NODE}`,
    partitions: env.METAD_PARTITIONS,
    nats: {
      servers: env.NATS_URL,
      credsFile: env.NATS_CREDS ?? null,
      nkeyFile: env.NATS_NKEY ?? null,
      tls: {
        ca: env.NATS_TLS_CA ?? null,
        cert: env.NATS_TLS_CERT ?? null,
        key: env.NATS_TLS_KEY ?? null,
      },
    },
    database: env.DATABASE_URL === undefined ? null : { url: env.DATABASE_URL, schema },
    http: { host: env.METAD_HTTP_HOST, port: env.METAD_HTTP_PORT },
    subjectPrefix: env.METAD_SUBJECT_PREFIX,
    nodeSecrets: env.METAD_NODE_SECRET ?? [],
    heartbeatMs: env.METAD_HEARTBEAT_MS,
    electionMs: env.METAD_ELECTION_MS,
    snapshotEntries: env.METAD_SNAPSHOT_ENTRIES,
    archive: env.METAD_ARCHIVE,
    logLevel: env.METAD_LOG_LEVEL,
    limits: LIMITS,
  };
}
