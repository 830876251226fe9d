import pg from 'pg';
import { canonical } from '../check/json.js';
import type { RecordState } from '../check/record-model.js';
import { eventually } from '../process/child.js';
import { namespace } from '../workload/subject.js';
import type { Administration } from './administration.js';

const catchUpMsMax = 90_000;
const VIEWS = ['tenant', 'resource', 'service_instance', 'shard', 'route', 'history'] as const;

interface ProjectionList {
  readonly items: readonly {
    readonly name: string;
    readonly state: string;
    readonly checkpoints: readonly { readonly partition: number; readonly index: number }[];
  }[];
}

/** Waits until every projection of every node has absorbed what its node applied. */
export async function projectionsCaughtUp(
  administration: Administration,
  nodes: number,
): Promise<void> {
  for (let node = 0; node < nodes; node += 1) {
    let behind = '';
    const caughtUp = async (): Promise<boolean> => {
      const applied = new Map(
        (await administration.describe(node)).map((one) => [one.partition, one.appliedIndex]),
      );
      const { items } = await administration.ask<ProjectionList>(node, 'projection', 'list');
      behind = items
        .flatMap(({ name, state, checkpoints }) =>
          checkpoints
            .filter(({ partition, index }) => index < (applied.get(partition) ?? 0))
            .map(({ partition, index }) => `${name} (${state}) partition ${partition} at ${index}`),
        )
        .join(', ');
      return items.length > 0 && behind === '';
    };
    try {
      await eventually(`the projections of n${node + 1}`, caughtUp, catchUpMsMax);
    } catch (error) {
      throw new Error(`${String(error)}; behind: ${behind}`);
    }
  }
}

/** The tables of all nodes among each other, and against the independent fold of the log. */
export async function checkTables(
  databaseUrl: string,
  nodes: number,
  records: ReadonlyMap<string, RecordState>,
): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const faults: string[] = [];
    for (const view of VIEWS) faults.push(...(await compareNodes(client, view, nodes)));
    for (let node = 1; node <= nodes; node += 1) {
      faults.push(...(await compareFold(client, `metad_n${node}`, records)));
    }
    return faults;
  } finally {
    await client.end();
  }
}

async function compareNodes(client: pg.Client, view: string, nodes: number): Promise<string[]> {
  const sums: string[] = [];
  for (let node = 1; node <= nodes; node += 1) {
    const text =
      "select count(*) || ' rows ' || " +
      "coalesce(md5(string_agg(r::text, ',' order by r::text)), '') " +
      `as sum from metad_n${node}.${view} r`;
    sums.push(String((await client.query<{ sum: string }>(text)).rows[0]?.sum));
  }
  if (sums.every((sum) => sum === sums[0])) return [];
  return [`table ${view} differs between nodes: ${sums.join(' | ')}`];
}

type Row = Readonly<Record<string, unknown>>;

/** Row → the record's key in the fold, and the fields that both know. */
const SHAPES: Readonly<Record<string, (row: Row) => { key: string; value: object }>> = {
  tenant: ({ tenant_id, cell, node, tier, labels }) => ({
    key: `tenant/${String(tenant_id)}`,
    value: { tenantId: tenant_id, cell, node, tier, labels },
  }),
  resource: ({ tenant_id, resource_id, node, owner, labels }) => ({
    key: `resource/${String(tenant_id)}/${String(resource_id)}`,
    value: { tenantId: tenant_id, resourceId: resource_id, node, owner, labels },
  }),
  service_instance: ({ service, instance_id, address, port, ttl_ms }) => ({
    key: `instance/${String(service)}/${String(instance_id)}`,
    value: { service, instanceId: instance_id, address, port, ttlMs: Number(ttl_ms) },
  }),
};

async function compareFold(
  client: pg.Client,
  schema: string,
  records: ReadonlyMap<string, RecordState>,
): Promise<string[]> {
  const found = new Map<string, string>();
  for (const [view, shape] of Object.entries(SHAPES)) {
    const { rows } = await client.query<Row>(
      `select * from ${schema}.${view} where namespace = '${namespace}'`,
    );
    for (const row of rows) {
      const { key, value } = shape(row);
      found.set(key, stateText(value, row['version'], row['fence']));
    }
  }
  const faults: string[] = [];
  for (const [key, { value, version, fence }] of records) {
    const kind = key.slice(0, key.indexOf('/'));
    if (!['tenant', 'resource', 'instance'].includes(kind) || value === null) continue;
    const expected = stateText(value, version, fence);
    const row = found.get(key);
    found.delete(key);
    if (row === expected) continue;
    faults.push(`${schema}: ${key} is ${row ?? 'absent'} where the log says ${expected}`);
  }
  for (const key of found.keys()) faults.push(`${schema}: ${key} has a row and no record`);
  return faults;
}

/** Absent and null are one in SQL, and so they are here. */
function stateText(value: object, version: unknown, fence: unknown): string {
  const present = Object.entries(value).filter(([, one]) => one !== null && one !== undefined);
  const text = canonical(Object.fromEntries(present));
  const shown = typeof fence === 'number' || typeof fence === 'string' ? fence : 'none';
  return `${text} v${String(version)} fence ${shown}`;
}
