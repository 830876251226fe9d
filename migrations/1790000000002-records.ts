import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * One table per kind of record, its secondary indexes, and the view that hides its version.
 *
 * Names compare by bytes (COLLATE "C"), so that paging does not depend on a locale. Primary keys
 * are in the order of lists (namespace, id), and every filter's index ends in that order, so that
 * a page is read from the index without sorting.
 */
export class Records1790000000002 implements MigrationInterface {
  readonly name = 'Records1790000000002';

  async up(runner: QueryRunner): Promise<void> {
    for (const { view, columns, key, indexes, about, comments } of TABLES) {
      const table = `${view}_v1`;
      await runner.query(`CREATE TABLE ${table} (${columns}, partition integer NOT NULL,
        PRIMARY KEY (${key}))`);
      for (const index of indexes) await runner.query(`CREATE INDEX ON ${table} ${index}`);
      await runner.query(`CREATE VIEW ${view} AS SELECT * FROM ${table}`);
      for (const relation of [`TABLE ${table}`, `VIEW ${view}`]) {
        await runner.query(`COMMENT ON ${relation} IS '${about}'`);
      }
      for (const [column, text] of Object.entries({ ...SHARED_COMMENTS, ...comments })) {
        if (!columns.includes(`${column} `) && column !== 'partition') continue;
        await runner.query(`COMMENT ON COLUMN ${table}.${column} IS '${text}'`);
        await runner.query(`COMMENT ON COLUMN ${view}.${column} IS '${text}'`);
      }
      await runner.query(`INSERT INTO projection_version
        (projection, version, state, source, activated_at)
        VALUES ('${view}', 1, 'live', 'log', clock_timestamp())`);
    }
  }

  /** Forward only: a projection is rebuilt from the log, never migrated back. */
  async down(): Promise<void> {
    throw new Error('migrations of the read model go forward only');
  }
}

interface Table {
  readonly view: string;
  readonly columns: string;
  readonly key: string;
  readonly indexes: readonly string[];
  readonly about: string;
  readonly comments: Readonly<Record<string, string>>;
}

const ID = 'text COLLATE "C" NOT NULL';
const NAME = 'text COLLATE "C"';
const RECORD = `version bigint NOT NULL, fence bigint, created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL, index bigint NOT NULL`;

const SHARED_COMMENTS = {
  namespace: 'Unit of authorization and quota',
  version: 'Per-record counter: 1 at creation, +1 on every change',
  fence: 'Log index of the change that granted the ownership; null when nobody owns it',
  created_at: 'Log time of the creation',
  updated_at: 'Log time of the last change',
  index: 'Log index of the last change',
  partition: 'Partition whose log the row comes from',
  labels: 'Names and values given by clients; searched with @>',
};

const TABLES: readonly Table[] = [
  {
    view: 'tenant',
    columns: `namespace ${ID}, tenant_id ${ID}, cell ${ID}, node ${NAME}, tier ${NAME},
      labels jsonb NOT NULL, ${RECORD}`,
    key: 'namespace, tenant_id',
    indexes: [
      '(cell, namespace, tenant_id)',
      '(node, namespace, tenant_id)',
      '(tier, namespace, tenant_id)',
      'USING gin (labels)',
    ],
    about: 'Where each tenant lives',
    comments: { cell: 'Cell of the tenant', node: 'Node within the cell, if fixed' },
  },
  {
    view: 'resource',
    columns: `namespace ${ID}, resource_id ${ID}, tenant_id ${ID}, node ${ID}, kind ${NAME},
      owner ${NAME}, ttl_ms bigint, labels jsonb NOT NULL, ${RECORD}`,
    key: 'namespace, resource_id, tenant_id',
    indexes: [
      '(tenant_id, namespace, resource_id)',
      '(node, namespace, resource_id, tenant_id)',
      '(owner, namespace, resource_id, tenant_id)',
      '(kind, namespace, resource_id, tenant_id)',
      'USING gin (labels)',
    ],
    about: 'Which node runs each resource, and who owns it',
    comments: {
      node: 'Node the resource is assigned to',
      owner: 'Holder of the ownership; null when it is free',
      ttl_ms: 'Time to live of the ownership, ms from its last renewal',
    },
  },
  {
    view: 'service_instance',
    columns: `namespace ${ID}, service ${ID}, instance_id ${ID}, address text NOT NULL,
      port integer NOT NULL, zone ${NAME}, tags text[] NOT NULL, metadata jsonb NOT NULL,
      ttl_ms bigint NOT NULL, ${RECORD}`,
    key: 'namespace, service, instance_id',
    indexes: ['(service, namespace, instance_id)', '(service, zone)', 'USING gin (tags)'],
    about: 'Running instances of services',
    comments: { ttl_ms: 'Time to live in ms, from the last renewal', zone: 'Failure zone' },
  },
  {
    view: 'shard',
    columns: `namespace ${ID}, map ${ID}, shard_id ${ID}, keyspace text NOT NULL,
      range_start ${ID}, range_end ${ID}, node ${ID}, replicas text[] NOT NULL`,
    key: 'namespace, map, shard_id',
    indexes: ['(node, namespace, map, shard_id)'],
    about: 'Shards of all shard maps',
    comments: {
      range_start: 'First key of the shard; empty means no bound in a range keyspace',
      range_end: 'First key after the shard; empty means no bound in a range keyspace',
    },
  },
  {
    view: 'route',
    columns: `namespace ${ID}, table_name ${ID}, route_id ${ID}, host text, path_prefix text,
      headers jsonb, targets jsonb NOT NULL, backends text[] NOT NULL, priority integer NOT NULL`,
    key: 'namespace, table_name, route_id',
    indexes: ['USING gin (backends)'],
    about: 'Routes of all routing tables',
    comments: { backends: 'The backends of the targets, for searching', priority: 'Higher wins' },
  },
];
