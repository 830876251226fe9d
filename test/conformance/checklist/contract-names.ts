/**
 * What the public contract names, written down once more by hand: whoever changes the service
 * without this page finds out. Every line here must have been met by the end of `contract.spec.ts`.
 */

/** Parameters by query; `?` marks the ones that may be left out. */
export const QUERIES = {
  GetTenant: ['tenantId'],
  ListTenants: ['cell?', 'node?', 'tier?', 'label?'],
  GetResource: ['tenantId', 'resourceId'],
  ListResources: ['tenantId?', 'node?', 'owner?', 'kind?', 'label?'],
  ListInstances: ['service', 'zone?', 'tag?'],
  ListServices: [],
  GetShardMap: ['map'],
  ResolveShard: ['map', 'key'],
  ListShards: ['node'],
  GetRoutingTable: ['table'],
  ResolveRoute: ['table', 'host?', 'path?', 'headers?'],
  ListRoutes: ['backend'],
  GetHistory: ['kind', 'id', 'from?', 'to?'],
  GetAsOf: ['kind', 'id', 'at'],
  GetCommandOutcome: ['commandId', 'key'],
  CountBy: ['kind', 'field'],
} as const satisfies Record<string, readonly string[]>;

/** Fields of `data` by command. */
export const COMMANDS = {
  PlaceTenant: ['tenantId', 'cell', 'node?', 'tier?', 'labels?'],
  EvictTenant: ['tenantId'],
  AssignResource: ['tenantId', 'resourceId', 'node', 'kind?', 'labels?'],
  ReleaseResource: ['tenantId', 'resourceId'],
  ClaimOwnership: ['tenantId', 'resourceId', 'owner', 'ttlMs?'],
  TransferOwnership: ['tenantId', 'resourceId', 'from', 'to', 'ttlMs?'],
  ReleaseOwnership: ['tenantId', 'resourceId', 'owner'],
  RegisterInstance: [
    ...['service', 'instanceId', 'address', 'port', 'zone?', 'tags?', 'metadata?', 'ttlMs'],
  ],
  RenewInstances: ['service', 'instanceIds'],
  DeregisterInstance: ['service', 'instanceId'],
  CreateShardMap: ['map', 'keyspace', 'shards'],
  SplitShard: ['map'],
  MergeShards: ['map'],
  MoveShard: ['map'],
  DropShardMap: ['map'],
  PutRoute: ['table', 'routeId', 'match', 'targets', 'priority?'],
  RemoveRoute: ['table', 'routeId'],
  Batch: ['commands'],
} as const satisfies Record<string, readonly string[]>;

export const CONSISTENCIES = ['linearizable', 'session', 'bounded', 'any'] as const;
export const QUERY_FIELDS = ['position', 'maxLagMs', 'limit', 'cursor'] as const;
export const COMMAND_FIELDS = [
  'commandId',
  'data',
  'expect',
  'deadline',
  'meta',
  'dryRun',
] as const;
export const EXPECTATIONS = ['version', 'absent', 'exists', 'named field'] as const;
export const META_FIELDS = ['actor', 'reason', 'correlationId', 'causationId'] as const;
export const OUTCOMES = ['applied', 'noop', 'duplicate'] as const;

interface ErrorRow {
  readonly status: number;
  readonly retryable: boolean;
  /** What `details` must hold. */
  readonly details: readonly string[];
}

const row = (status: number, retryable: boolean, ...details: string[]): ErrorRow => ({
  ...{ status, retryable, details },
});

export const ERRORS: Readonly<Record<string, ErrorRow>> = {
  INVALID_ARGUMENT: row(400, false, 'faults'),
  UNAUTHENTICATED: row(401, false),
  FORBIDDEN: row(403, false),
  NOT_FOUND: row(404, false),
  UNKNOWN_COMMAND: row(404, false),
  UNKNOWN_QUERY: row(404, false),
  VERSION_CONFLICT: row(409, false, 'version', 'record'),
  PRECONDITION_FAILED: row(409, false, 'version', 'record'),
  ALREADY_OWNED: row(409, false, 'version', 'record'),
  COMMAND_ID_REUSED: row(409, false),
  CROSS_PARTITION: row(409, false),
  POSITION_COMPACTED: row(410, false, 'available'),
  INCARNATION_CHANGED: row(410, false, 'available'),
  TOO_LARGE: row(413, false, 'limit'),
  RULE_VIOLATED: row(422, false, 'rule'),
  POSITION_NOT_REACHED: row(425, true),
  RATE_LIMITED: row(429, true, 'retryAfterMs'),
  QUOTA_EXCEEDED: row(429, true, 'retryAfterMs'),
  NO_LEADER: row(503, true, 'leader', 'retryAfterMs'),
  NOT_LEADER: row(503, true, 'leader', 'retryAfterMs'),
  PARTITION_MOVED: row(503, true, 'retryAfterMs'),
  OVERLOADED: row(503, true, 'retryAfterMs'),
  RESTORING: row(503, true, 'retryAfterMs'),
  STORAGE_FULL: row(503, true, 'retryAfterMs'),
  OUTCOME_UNKNOWN: row(504, true),
  DEADLINE_EXCEEDED: row(504, false),
};

/** Codes that nobody can bring about from outside in a test, and the spec that shows each. */
export const SHOWN_ELSEWHERE: Readonly<Record<string, string>> = {
  QUOTA_EXCEEDED: 'src/decide/checks/quota.spec.ts',
  STORAGE_FULL: 'src/command/command-proposer.spec.ts',
};

/** Messages of a watch with their fields; `?` marks what not every message has. */
export const WATCH_MESSAGES = {
  snapshot: ['record', 'position'],
  'snapshot-end': ['position'],
  change: [
    ...['type', 'data', 'before?', 'record', 'position', 'previous', 'time', 'commandId', 'actor'],
  ],
  progress: ['position'],
  reset: ['reason', 'available'],
} as const satisfies Record<string, readonly string[]>;

/** What a watch does beside its messages. */
export const WATCH_WAYS = [
  ...['from now', 'from snapshot', 'from a position', 'filter kind', 'filter id', 'filter node'],
  ...['is closed', 'answers keep it alive', 'silence ends it', 'inboxes alone'],
  'an inbox under the prefix',
  ...['the event feed', 'Metad-Position', 'an id in percent-encoding', 'Catchup'],
] as const;

/** Fields of what operators and tests read, by act; of each item where there are `items`. */
export const ADMIN_READS = {
  'partition.describe': [
    ...['partition', 'role', 'term', 'leader', 'commitIndex', 'appliedIndex', 'firstIndex'],
    ...['lastIndex', 'voters', 'learners', 'digest'],
  ],
  'log.read': ['index', 'term', 'kind', 'commandId?', 'command?', 'namespace?'],
  'projection.list': ['name', 'version', 'state', 'checkpoints', 'lagEntries', 'lagMs'],
  'projection.list checkpoint': ['partition', 'index', 'term', 'digest'],
  'projection.rebuild': ['jobId'],
  'job.show': ['state', 'done', 'total', 'rate', 'remainingMs', 'reason?'],
  'partition.transfer': [],
} as const satisfies Record<string, readonly string[]>;

export const HTTP_PATHS = [
  ...['/livez', '/readyz', '/startupz', '/readyz?verbose', '/metrics', '/openapi.json', '/docs'],
  ...['/api/v1/commands', '/api/v1/queries', '/api/v1/watch', '/api/v1/admin', '/'],
] as const;

export const SQL_NAMES = [
  ...['tenant', 'resource', 'service_instance', 'shard', 'route', 'history', 'checkpoint'],
  'wait_for',
] as const;

export const DISCOVERY = ['PING', 'INFO', 'STATS'] as const;

/** Every name above as the ledger writes it. */
export function everyName(): string[] {
  const lines: string[] = [];
  const add = (topic: string, names: Iterable<string>): void => {
    for (const name of names) lines.push(`${topic}: ${name}`);
  };
  const bare = (name: string): string => name.replace('?', '');
  for (const [query, params] of Object.entries(QUERIES)) {
    add('query', [query]);
    add(`query ${query}`, params.map(bare));
    const optional = params.filter((name) => name.endsWith('?'));
    add(`query ${query} without`, optional.map(bare));
  }
  for (const [command, fields] of Object.entries(COMMANDS)) {
    add('command', [command]);
    add(`command ${command}`, fields.map(bare));
  }
  for (const shape of ['look-up', 'list', 'row', 'outcome']) add(`a ${shape} as`, CONSISTENCIES);
  add('query field', QUERY_FIELDS);
  add('command field', COMMAND_FIELDS);
  add('expect', EXPECTATIONS);
  add('meta', META_FIELDS);
  add('outcome', OUTCOMES);
  const elsewhere = Object.keys(SHOWN_ELSEWHERE);
  add(
    'error',
    Object.keys(ERRORS).filter((code) => !elsewhere.includes(code)),
  );
  for (const [event, fields] of Object.entries(WATCH_MESSAGES))
    add(`watch ${event}`, fields.map(bare));
  add('watch change without', ['before']);
  add('watch', WATCH_WAYS);
  for (const [act, fields] of Object.entries(ADMIN_READS)) {
    add('admin', [act]);
    add(`admin ${act}`, fields.map(bare));
  }
  add('http', HTTP_PATHS);
  add('sql', SQL_NAMES);
  add('discovery', DISCOVERY);
  return lines;
}
