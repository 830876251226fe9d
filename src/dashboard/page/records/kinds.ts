/** What the page can ask of each kind: a look-up by id, and a list with filters. */
export interface SearchedKind {
  readonly kind: string;
  /** How an id looks. */
  readonly example: string;
  readonly get: { readonly query: string; readonly params: (id: string) => object };
  readonly list: { readonly query: string; readonly filters: readonly string[] };
  /** The id of the record that a listed item belongs to. */
  readonly idOf: (item: Readonly<Record<string, unknown>>) => string;
}

/** Splits at the first slash: `acme/db-1`. */
const halves = (id: string): readonly [string, string] => {
  const at = id.indexOf('/');
  return at < 0 ? [id, ''] : [id.slice(0, at), id.slice(at + 1)];
};
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

export const SEARCHED_KINDS: readonly SearchedKind[] = [
  {
    kind: 'resource',
    example: 'acme/db-1',
    get: {
      query: 'GetResource',
      params: (id) => ({ tenantId: halves(id)[0], resourceId: halves(id)[1] }),
    },
    list: { query: 'ListResources', filters: ['tenantId', 'node', 'owner', 'kind', 'label'] },
    idOf: (item) => `${text(item['tenantId'])}/${text(item['resourceId'])}`,
  },
  {
    kind: 'tenant',
    example: 'acme',
    get: { query: 'GetTenant', params: (tenantId) => ({ tenantId }) },
    list: { query: 'ListTenants', filters: ['cell', 'node', 'tier', 'label'] },
    idOf: (item) => text(item['tenantId']),
  },
  {
    kind: 'instance',
    example: 'billing/i-1',
    get: {
      query: 'GetInstance',
      params: (id) => ({ service: halves(id)[0], instanceId: halves(id)[1] }),
    },
    list: { query: 'ListInstances', filters: ['service', 'zone', 'tag'] },
    idOf: (item) => `${text(item['service'])}/${text(item['instanceId'])}`,
  },
  {
    kind: 'shard-map',
    example: 'orders',
    get: { query: 'GetShardMap', params: (map) => ({ map }) },
    list: { query: 'ListShards', filters: ['node', 'map'] },
    idOf: (item) => text(item['map']),
  },
  {
    kind: 'routing-table',
    example: 'public',
    get: { query: 'GetRoutingTable', params: (table) => ({ table }) },
    list: { query: 'ListRoutes', filters: ['backend', 'table'] },
    idOf: (item) => text(item['table']),
  },
];

export const searchedKind = (name: string): SearchedKind =>
  SEARCHED_KINDS.find(({ kind }) => kind === name) ?? (SEARCHED_KINDS[0] as SearchedKind);
