import { environmentSchema, type Variable } from '../configuration.js';

export interface Setting {
  /** What it means, with its unit and bounds; a sentence fragment of markdown. */
  readonly meaning: string;
  /** What takes its place when it is not given, where the schema has no default. */
  readonly otherwise?: string;
  /** `secret` is never shown; `url` is shown without its password. */
  readonly masked?: 'secret' | 'url';
}

/** Every variable, in the order of the schema: a variable without a row does not compile. */
export const SETTINGS: Readonly<Record<Variable, Setting>> = {
  METAD_CLUSTER: { meaning: "the cluster's name; nodes of another cluster are refused by name" },
  METAD_NODE: { meaning: "this node's name: 1 to 64 of `A-Z a-z 0-9 _ -`, unique in the cluster" },
  METAD_MEMBERS: {
    meaning: 'initial members, `n1,n2,n3`; read at bootstrap only, afterwards partition 0 rules',
    otherwise: 'this node alone',
  },
  METAD_DATA_DIR: {
    meaning: 'log, snapshots, archive; locked against a second process',
    otherwise: '`./data/<node>`',
  },
  METAD_PARTITIONS: { meaning: 'user partitions at bootstrap, 1 to 16,384' },
  NATS_URL: {
    meaning: 'the broker; several URLs with commas, `tls://…` where it must be encrypted',
    masked: 'url',
  },
  NATS_CREDS: { meaning: 'path of a credentials file; read again at every reconnection' },
  NATS_NKEY: { meaning: 'path of an NKey seed file; read again at every reconnection' },
  NATS_TLS_CA: { meaning: "path of the authority that signed the broker's certificate" },
  NATS_TLS_CERT: { meaning: "path of this node's certificate for the broker; with its key" },
  NATS_TLS_KEY: { meaning: 'path of the key of `NATS_TLS_CERT`' },
  DATABASE_URL: {
    meaning: '`postgres://…`; empty: no SQL projections, look-ups by key still work',
    masked: 'url',
  },
  DATABASE_SCHEMA: {
    meaning: "this node's own schema: a plain lower-case identifier",
    otherwise: '`metad_<node>`',
  },
  METAD_HTTP_HOST: {
    meaning:
      'where HTTP listens; elsewhere than on the loopback only with a tokens file or client ' +
      'certificates',
  },
  METAD_HTTP_PORT: { meaning: '0 picks a port and logs it' },
  METAD_HTTP_HOSTS: {
    meaning:
      'further names that a request may be addressed to while HTTP listens on the loopback, for ' +
      'a reverse proxy; with commas',
  },
  METAD_HTTP_TOKENS_FILE: {
    meaning:
      'path of the tokens file (docs/guides/secure.md); read again on `SIGHUP` and when it changes',
  },
  METAD_HTTP_TLS_CERT: { meaning: 'path of the certificate for HTTPS; read again on `SIGHUP`' },
  METAD_HTTP_TLS_KEY: { meaning: 'path of its key' },
  METAD_HTTP_TLS_CA: { meaning: 'path of an authority: clients must show a certificate of it' },
  METAD_SUBJECT_PREFIX: { meaning: '1 to 4 subject tokens' },
  METAD_INBOX_PREFIX: {
    meaning:
      'where clients may be answered besides `_INBOX…`, 1 to 4 subject tokens: for users whose ' +
      'inboxes lie elsewhere on the broker; never under `METAD_SUBJECT_PREFIX`',
  },
  METAD_NODE_SECRET: {
    meaning:
      'HMAC of node-to-node frames; shorter than 16 characters is warned of; two with a comma ' +
      'while rotating, the first seals',
    masked: 'secret',
  },
  METAD_HEARTBEAT_MS: { meaning: 'how often a leader is heard, 10 to 60,000' },
  METAD_ELECTION_MS: {
    meaning: 'silence after which an election begins; three heartbeats at least',
  },
  METAD_SNAPSHOT_ENTRIES: {
    meaning: 'applied entries between two snapshots of a partition, 1 at least',
  },
  METAD_ARCHIVE: {
    meaning:
      'what happens to entries that leave the log: `keep`, `off`, or a duration such as `30d`',
  },
  METAD_TRACING: {
    meaning: '`on` (to `http://127.0.0.1:4318` without an endpoint) or `off`',
  },
  METAD_TRACE_RATIO: {
    meaning:
      "part of the commands that are traced, 0 to 1; a caller's `traceparent` decides for itself",
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    meaning: 'where traces go, `http://collector:4318`; naming it switches tracing on',
  },
  METAD_LOG_LEVEL: {
    meaning:
      '`trace`, `debug`, `info`, `warn`, `error`, `fatal`, `silent`; the line `ready` is written ' +
      'at each of them; JSON lines on standard output, lines for ' +
      'people where that is a terminal; `metactl node log-level` changes it while the node runs',
  },
  METAD_AUDIT_MAX: {
    meaning:
      'rows of the audit table for each of administrative acts, refused commands and refused ' +
      'access; the oldest go first',
  },
  METAD_REQUEST_BYTES_MAX: {
    meaning:
      'bytes of a request, 1,024 to 1,000,000 (the broker takes 1 MiB); a larger one is ' +
      '`TOO_LARGE`',
  },
  METAD_PARTITION_IN_FLIGHT_MAX: {
    meaning: 'commands in flight in one partition that this node leads; the next is `OVERLOADED`',
  },
  METAD_NODE_IN_FLIGHT_MAX: {
    meaning: 'commands in flight in all partitions that this node leads; likewise',
  },
};

/** The default that the schema gives, as text, or null. */
export function defaultOf(variable: Variable): string | null {
  const parsed = environmentSchema.shape[variable].safeParse(undefined);
  if (!parsed.success || parsed.data === undefined) return null;
  return String(parsed.data);
}

/** Whether a node does not start without it. */
export const isRequired = (variable: Variable): boolean =>
  !environmentSchema.shape[variable].safeParse(undefined).success;
