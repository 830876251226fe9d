import { UsageError } from '../../exit-code.js';
import { field } from '../../output/table.js';
import type { Column } from '../../output/table.js';

/** How metactl names and shows one kind; the service itself knows nothing of this. */
export interface KindView {
  readonly kind: string;
  /** The kind of the records that it stands for, where that has another name. */
  readonly recordKind?: string;
  /** Other words a person may use. */
  readonly words: readonly string[];
  readonly get: string | null;
  readonly list: string | null;
  /** Names of the parameters that `a/b` on the command line stands for. */
  readonly idFields: readonly string[];
  readonly columns: readonly Column[];
}

const version = field('version', 'version', 'right');

export const KIND_VIEWS: readonly KindView[] = [
  {
    kind: 'tenant',
    words: ['tenants'],
    get: 'GetTenant',
    list: 'ListTenants',
    idFields: ['tenantId'],
    columns: [
      field('namespace'),
      field('tenant', 'tenantId'),
      field('cell'),
      field('node'),
      field('tier'),
      version,
      field('labels'),
    ],
  },
  {
    kind: 'resource',
    words: ['resources'],
    get: 'GetResource',
    list: 'ListResources',
    idFields: ['tenantId', 'resourceId'],
    columns: [
      field('namespace'),
      field('tenant', 'tenantId'),
      field('resource', 'resourceId'),
      field('node'),
      field('kind'),
      field('owner'),
      version,
      field('labels'),
    ],
  },
  {
    kind: 'instance',
    words: ['instances'],
    get: 'GetInstance',
    list: 'ListInstances',
    idFields: ['service', 'instanceId'],
    columns: [
      field('service'),
      field('instance', 'instanceId'),
      field('address'),
      field('port', 'port', 'right'),
      field('zone'),
      field('tags'),
      version,
    ],
  },
  {
    kind: 'service',
    recordKind: 'instance',
    words: ['services'],
    get: null,
    list: 'ListServices',
    idFields: [],
    columns: [field('namespace'), field('service'), field('instances', 'instances', 'right')],
  },
  {
    kind: 'shard-map',
    words: ['shard-maps', 'shards', 'shard'],
    get: 'GetShardMap',
    list: 'ListShards',
    idFields: ['map'],
    columns: [field('map'), field('shard', 'shardId'), field('start'), field('end'), field('node')],
  },
  {
    kind: 'routing-table',
    words: ['routing-tables', 'routes', 'route'],
    get: 'GetRoutingTable',
    list: 'ListRoutes',
    idFields: ['table'],
    columns: [
      field('table'),
      field('route', 'routeId'),
      field('match'),
      field('targets'),
      field('priority', 'priority', 'right'),
    ],
  },
];

export function kindView(word: string): KindView {
  const found = KIND_VIEWS.find((view) => view.kind === word || view.words.includes(word));
  if (found !== undefined) return found;
  const known = KIND_VIEWS.map((view) => view.kind).join(', ');
  throw new UsageError(`unknown kind "${word}"; known: ${known}`);
}

/** The kind of record that a person means: a service is its instances. */
export function recordKindOf(word: string): string {
  const { kind, recordKind } = kindView(word);
  return recordKind ?? kind;
}

/** `acme/db-1` → `{tenantId: 'acme', resourceId: 'db-1'}`; the last field takes what remains. */
export function idParams(view: KindView, id: string): Record<string, string> {
  const parts = id.split('/');
  const { idFields } = view;
  if (parts.length < idFields.length) {
    throw new UsageError(`the id of a ${view.kind} is ${idFields.map((f) => `<${f}>`).join('/')}`);
  }
  const last = parts.slice(idFields.length - 1).join('/');
  const values = [...parts.slice(0, idFields.length - 1), last];
  return Object.fromEntries(idFields.map((name, at) => [name, values[at] ?? '']));
}
