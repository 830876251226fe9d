import { LIMITS, NAME_TOKEN } from '@metad/contract';
import { nodeName, type NodeName } from '@metad/foundation';
import { z } from 'zod';
import { brokerUrls, isBrokerUrl } from './nats/broker-url.js';
import type { TracingSettings } from './telemetry/tracing/open-tracing.js';
import { misspeltVariables } from './settings/unknown-variables.js';

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
  readonly http: HttpSettings;
  readonly subjectPrefix: string;
  readonly nodeSecrets: readonly string[];
  readonly heartbeatMs: number;
  readonly electionMs: number;
  readonly snapshotEntries: number;
  /** `keep` for ever, `off`, or milliseconds. */
  readonly archive: 'keep' | 'off' | number;
  readonly logLevel: LogLevel;
  /** Null: no tracing, and no part of it is loaded. */
  readonly tracing: TracingSettings | null;
  readonly auditRowsMax: number;
  /**
   * What this node admits. Limits that decide outcomes are no node's own: they are replicated, or
   * the same in every build (`LIMITS`).
   */
  readonly limits: {
    readonly requestBytesMax: number;
    readonly inFlightPerPartitionMax: number;
    readonly inFlightPerNodeMax: number;
  };
}

export interface HttpSettings {
  readonly host: string;
  readonly port: number;
  /** Names besides the loopback's that a request may be addressed to. */
  readonly hosts: readonly string[];
  readonly tokensFile: string | null;
  /** Paths; with `ca`, clients must show a certificate of it. Null: plain HTTP. */
  readonly tls: {
    readonly cert: string;
    readonly key: string;
    readonly ca: string | null;
  } | null;
}

export interface NatsSettings {
  readonly servers: readonly string[];
  /** Where clients may be answered besides `_INBOX.…`; null: nowhere. */
  readonly inboxPrefix: string | null;
  readonly credsFile: string | null;
  readonly nkeyFile: string | null;
  readonly tls: {
    readonly ca: string | null;
    readonly cert: string | null;
    readonly key: string | null;
  };
}

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const token = z.string().regex(NAME_TOKEN, 'must be 1 to 64 of A-Z a-z 0-9 _ -');
const list = z.string().transform((text) => text.split(',').map((part) => part.trim()));
const integer = (low: number, high: number) =>
  z.coerce.number(`must be a whole number`).int('must be a whole number').min(low).max(high);
const durationUnits = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const duration = z
  .string()
  .regex(/^\d{1,9}(ms|s|m|h|d)$/)
  .transform((text) => {
    const unit = /[a-z]+$/.exec(text)?.[0] as keyof typeof durationUnits;
    return parseInt(text, 10) * durationUnits[unit];
  });
const optional = z.string().optional();
const brokers = 'must be URLs of brokers, such as nats://127.0.0.1:4222, with commas';
const archive = z.union([z.enum(['keep', 'off']), duration], {
  error: 'must be keep, off or a duration such as 30d',
});

/** The environment, variable by variable, with defaults. None of them is ever empty. */
export const environmentSchema = z.object({
  METAD_CLUSTER: token.default('metad'),
  METAD_NODE: token,
  METAD_MEMBERS: list.pipe(z.array(token).min(1).max(15)).optional(),
  METAD_DATA_DIR: optional,
  METAD_PARTITIONS: integer(1, 16_384).default(8),
  NATS_URL: z
    .string()
    .transform(brokerUrls)
    .refine((urls) => urls.every(isBrokerUrl), brokers),
  NATS_CREDS: optional,
  NATS_NKEY: optional,
  NATS_TLS_CA: optional,
  NATS_TLS_CERT: optional,
  NATS_TLS_KEY: optional,
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres:// or postgresql://')
    .optional(),
  DATABASE_SCHEMA: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'must be a plain lower-case SQL identifier')
    .optional(),
  METAD_HTTP_HOST: z.string().default('127.0.0.1'),
  METAD_HTTP_PORT: integer(0, 65_535).default(8080),
  METAD_HTTP_HOSTS: list.pipe(z.array(z.string().min(1)).max(32)).optional(),
  METAD_HTTP_TOKENS_FILE: optional,
  METAD_HTTP_TLS_CERT: optional,
  METAD_HTTP_TLS_KEY: optional,
  METAD_HTTP_TLS_CA: optional,
  METAD_SUBJECT_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,32}(\.[A-Za-z0-9_-]{1,32}){0,3}$/, 'must be 1 to 4 subject tokens')
    .default('metad.v1'),
  METAD_INBOX_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,32}(\.[A-Za-z0-9_-]{1,32}){0,3}$/, 'must be 1 to 4 subject tokens')
    .optional(),
  METAD_NODE_SECRET: list
    .pipe(z.array(z.string().min(1, 'must not be empty beside a comma')).max(2))
    .optional(),
  METAD_HEARTBEAT_MS: integer(10, 60_000).default(100),
  METAD_ELECTION_MS: integer(50, 600_000).default(1000),
  METAD_SNAPSHOT_ENTRIES: integer(1, 100_000_000).default(10_000),
  METAD_ARCHIVE: archive.default('keep'),
  METAD_TRACING: z.enum(['on', 'off']).optional(),
  METAD_TRACE_RATIO: z.coerce.number('must be a number').min(0).max(1).default(1),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'must be an http URL' })
    .optional(),
  METAD_LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
  METAD_AUDIT_MAX: integer(100, 10_000_000).default(100_000),
  METAD_REQUEST_BYTES_MAX: integer(1_024, 1_000_000).default(LIMITS.requestBytesMax),
  METAD_PARTITION_IN_FLIGHT_MAX: integer(1, 65_536).default(LIMITS.inFlightPerPartitionMax),
  METAD_NODE_IN_FLIGHT_MAX: integer(1, 262_144).default(LIMITS.inFlightPerNodeMax),
});

export type Variable = keyof typeof environmentSchema.shape;

export interface ConfigurationFault {
  readonly variable: string;
  readonly reason: string;
}

/** Every fault of a configuration, each naming its variable. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  constructor(readonly faults: readonly ConfigurationFault[]) {
    super(faults.map((fault) => `${fault.variable}: ${fault.reason}`).join('; '));
  }
}

/**
 * Reads and checks the environment. Throws ConfigurationError with all faults at once: of single
 * variables, of those that do not go together, and of names that are nearly ours.
 */
export function readConfiguration(environment: NodeJS.ProcessEnv): Configuration {
  const { values, faults } = readVariables(environment);
  const all = [
    ...faults,
    ...crossFaults(values),
    ...httpFaults(values),
    ...misspeltVariables(environment, Object.keys(environmentSchema.shape)),
  ];
  if (all.length > 0) throw new ConfigurationError(all);
  return toConfiguration(values as Environment);
}

type Environment = z.infer<typeof environmentSchema>;

/** A variable as it counts: an empty one is not set, as compose files and charts leave them. */
export function givenIn(environment: NodeJS.ProcessEnv, variable: string): string | undefined {
  const text = environment[variable];
  return text === undefined || text.trim() === '' ? undefined : text;
}

/** Each variable by itself, so that one fault hides no other. */
export function readVariables(environment: NodeJS.ProcessEnv): {
  readonly values: Partial<Environment>;
  readonly faults: readonly ConfigurationFault[];
} {
  const values: Record<string, unknown> = {};
  const faults: ConfigurationFault[] = [];
  for (const [variable, schema] of Object.entries(environmentSchema.shape)) {
    const given = givenIn(environment, variable);
    const parsed = schema.safeParse(given);
    if (parsed.success) values[variable] = parsed.data;
    else {
      const { issues } = parsed.error;
      const reasons = issues.map(({ message }) => (given === undefined ? 'is required' : message));
      for (const reason of new Set(reasons)) faults.push({ variable, reason });
    }
  }
  return { values: values, faults };
}

/** What does not go together; a variable that is faulty by itself is not spoken of again. */
function crossFaults(env: Partial<Environment>): ConfigurationFault[] {
  const faults: ConfigurationFault[] = [];
  const { METAD_NODE: node, METAD_ELECTION_MS: election, METAD_HEARTBEAT_MS: heartbeat } = env;
  const members = env.METAD_MEMBERS ?? [];
  if (node !== undefined && members.length > 0 && !members.includes(node)) {
    faults.push({ variable: 'METAD_MEMBERS', reason: `must contain METAD_NODE (${node})` });
  }
  if (new Set(members).size !== members.length) {
    faults.push({ variable: 'METAD_MEMBERS', reason: 'must not name a node twice' });
  }
  if (election !== undefined && heartbeat !== undefined && election < heartbeat * 3) {
    faults.push({
      variable: 'METAD_ELECTION_MS',
      reason: `must be at least three heartbeats (METAD_HEARTBEAT_MS is ${heartbeat})`,
    });
  }
  if ((env.NATS_TLS_CERT === undefined) !== (env.NATS_TLS_KEY === undefined)) {
    faults.push({ variable: 'NATS_TLS_CERT', reason: 'must be given together with NATS_TLS_KEY' });
  }
  const { METAD_INBOX_PREFIX: inboxes, METAD_SUBJECT_PREFIX: own = '' } = env;
  if (inboxes !== undefined && (isUnder(inboxes, own) || isUnder(own, inboxes))) {
    const reason = `must not overlap with METAD_SUBJECT_PREFIX (${own})`;
    faults.push({ variable: 'METAD_INBOX_PREFIX', reason });
  }
  if (env.NATS_CREDS !== undefined && env.NATS_NKEY !== undefined) {
    faults.push({ variable: 'NATS_CREDS', reason: 'and NATS_NKEY must not both be given' });
  }
  return faults;
}

const isUnder = (subject: string, prefix: string): boolean =>
  `${subject}.`.startsWith(`${prefix}.`);

/** HTTP is open to this machine alone, unless callers must prove who they are. */
function httpFaults(env: Partial<Environment>): ConfigurationFault[] {
  const faults: ConfigurationFault[] = [];
  const { METAD_HTTP_HOST: host = '127.0.0.1', METAD_HTTP_TLS_CA: ca } = env;
  const [cert, key] = [env.METAD_HTTP_TLS_CERT, env.METAD_HTTP_TLS_KEY];
  if ((cert === undefined) !== (key === undefined)) {
    const reason = 'must be given together with METAD_HTTP_TLS_KEY';
    faults.push({ variable: 'METAD_HTTP_TLS_CERT', reason });
  }
  if (ca !== undefined && cert === undefined) {
    const reason = 'needs METAD_HTTP_TLS_CERT and METAD_HTTP_TLS_KEY';
    faults.push({ variable: 'METAD_HTTP_TLS_CA', reason });
  }
  if (!isLoopback(host) && env.METAD_HTTP_TOKENS_FILE === undefined && ca === undefined) {
    faults.push({
      variable: 'METAD_HTTP_HOST',
      reason:
        `${host} can be reached from other machines: give METAD_HTTP_TOKENS_FILE, or ` +
        'METAD_HTTP_TLS_CERT, _KEY and _CA so that clients must show a certificate',
    });
  }
  return faults;
}

/** Whether only programs of this machine reach what listens there. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

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
      inboxPrefix: env.METAD_INBOX_PREFIX ?? null,
      credsFile: env.NATS_CREDS ?? null,
      nkeyFile: env.NATS_NKEY ?? null,
      tls: {
        ca: env.NATS_TLS_CA ?? null,
        cert: env.NATS_TLS_CERT ?? null,
        key: env.NATS_TLS_KEY ?? null,
      },
    },
    database: env.DATABASE_URL === undefined ? null : { url: env.DATABASE_URL, schema },
    http: httpSettings(env),
    subjectPrefix: env.METAD_SUBJECT_PREFIX,
    nodeSecrets: env.METAD_NODE_SECRET ?? [],
    heartbeatMs: env.METAD_HEARTBEAT_MS,
    electionMs: env.METAD_ELECTION_MS,
    snapshotEntries: env.METAD_SNAPSHOT_ENTRIES,
    archive: env.METAD_ARCHIVE,
    logLevel: env.METAD_LOG_LEVEL,
    tracing: tracingOf(env),
    auditRowsMax: env.METAD_AUDIT_MAX,
    limits: {
      requestBytesMax: env.METAD_REQUEST_BYTES_MAX,
      inFlightPerPartitionMax: env.METAD_PARTITION_IN_FLIGHT_MAX,
      inFlightPerNodeMax: env.METAD_NODE_IN_FLIGHT_MAX,
    },
  };
}

/** On where a receiver is named, unless it is switched off. */
function tracingOf(env: Environment): TracingSettings | null {
  const { METAD_TRACING: wish, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = env;
  if (wish === 'off' || (wish === undefined && endpoint === undefined)) return null;
  return { endpoint: endpoint ?? 'http://127.0.0.1:4318', ratio: env.METAD_TRACE_RATIO };
}

function httpSettings(env: Environment): HttpSettings {
  const { METAD_HTTP_TLS_CERT: cert, METAD_HTTP_TLS_KEY: key, METAD_HTTP_TLS_CA: ca } = env;
  return {
    host: env.METAD_HTTP_HOST,
    port: env.METAD_HTTP_PORT,
    hosts: env.METAD_HTTP_HOSTS ?? [],
    tokensFile: env.METAD_HTTP_TOKENS_FILE ?? null,
    tls: cert === undefined || key === undefined ? null : { cert, key, ca: ca ?? null },
  };
}
