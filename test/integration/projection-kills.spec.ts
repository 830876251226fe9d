import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { seededRandom } from '@metad/foundation';
import { startPostgres, type RunningPostgres } from '../../src/cli/embedded/index.js';
import { openTestBroker, type TestBroker } from '../fixtures/broker/test-broker.js';
import { WholeCluster } from '../fixtures/whole-cluster.js';

// SIGKILLs of nodes and of the database at random moments, while clients write. In the end the rows
// of all nodes are what the acknowledged commands say in the order of their log indexes.
//
//     METAD_KILLS=50 npm run jest -- test/integration/projection-kills.spec.ts

const kills = Number(process.env['METAD_KILLS'] ?? 4);
const seed = Number(process.env['METAD_SEED'] ?? Date.now() % 1_000_000);
const random = seededRandom(seed);
const writers = 12;
const resources = 80;
/** Commands acknowledged from one kill to the next: the cluster must have come back in between. */
const commandsBetween = 25;
const msForOneKill = 60_000;

let folder: string;
let broker: TestBroker;
let postgres: RunningPostgres;
let cluster: WholeCluster;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'metad-kills-'));
  await chmod(folder, 0o711);
  [broker, postgres] = await Promise.all([
    openTestBroker(),
    startPostgres({ dataDir: join(folder, 'pg') }),
  ]);
  const database = { url: postgres.url, close: async () => undefined };
  cluster = await WholeCluster.start(4, { broker, database });
}, 300_000);

afterAll(async () => {
  await cluster.stop();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}, 300_000);

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A command as the log has it: where it landed and what it left behind. */
interface Acknowledged {
  readonly partition: number;
  readonly index: number;
  readonly resource: string;
  /** Null: released. */
  readonly node: string | null;
}

interface Reply {
  readonly outcome?: string;
  readonly position?: string;
  readonly error?: { readonly retryable: boolean; readonly definite: boolean };
}

/** Writes until told to stop; every command is repeated until its outcome is known. */
class Writers {
  readonly acknowledged = new Map<string, Acknowledged>();
  private isOver = false;
  private readonly running = Array.from({ length: writers }, (_, at) => this.write(at));

  /** Resolves once so many more were acknowledged. */
  async more(count: number): Promise<void> {
    const from = this.acknowledged.size;
    const deadline = Date.now() + msForOneKill;
    while (this.acknowledged.size < from + count) {
      if (Date.now() > deadline) throw new Error(`no progress\n${cluster.launcher.text}`);
      await pause(10);
    }
  }

  async stop(): Promise<readonly Acknowledged[]> {
    this.isOver = true;
    await Promise.all(this.running);
    return [...this.acknowledged.values()];
  }

  private async write(writer: number): Promise<void> {
    for (let at = 0; !this.isOver; at += 1) {
      const resource = `r${random.below(resources)}`;
      const node = random.below(5) === 0 ? null : `node-${writer}-${at}`;
      await this.send(resource, node);
    }
  }

  private async send(resource: string, node: string | null): Promise<void> {
    const commandId = randomUUID();
    const named = { tenantId: `tenant-${Number(resource.slice(1)) % 7}`, resourceId: resource };
    const subject = `cmd.prod.${node === null ? 'ReleaseResource' : 'AssignResource'}`;
    const body = { commandId, data: node === null ? named : { ...named, node } };
    for (;;) {
      const reply = await this.ask(subject, body);
      if (reply?.error && reply.error.definite && !reply.error.retryable) return;
      if (reply?.outcome === 'noop') return;
      if (reply?.position) {
        const [, , partition, index] = reply.position.split('.').map(Number);
        const where = { partition: Number(partition), index: Number(index) };
        this.acknowledged.set(commandId, { ...where, resource, node });
        return;
      }
      await pause(50);
    }
  }

  private async ask(subject: string, body: object): Promise<Reply | null> {
    try {
      return await cluster.request(subject, body);
    } catch {
      return null; // Nobody answered: what became of it is not known.
    }
  }
}

async function killDatabase(): Promise<void> {
  process.kill(postgres.pid, 'SIGKILL');
  await postgres.exited;
  await pause(random.below(500));
  const { port } = postgres;
  for (let attempt = 0; ; attempt += 1) {
    try {
      postgres = await startPostgres({ dataDir: join(folder, 'pg'), port });
      return;
    } catch (error) {
      // Its orphans end by and by.
      if (attempt === 20) throw error;
      await pause(500);
    }
  }
}

async function killNode(): Promise<void> {
  for (;;) {
    const node = cluster.nodes[random.below(cluster.nodes.length)] ?? 'n1';
    try {
      return await cluster.kill(node);
    } catch {
      await pause(300); // It is down already.
    }
  }
}

/** Each resource as the commands leave it, in the order of the log. */
function fold(acknowledged: readonly Acknowledged[]): Record<string, string> {
  const inOrder = [...acknowledged].sort((a, b) => a.index - b.index);
  const rows = new Map<string, string>();
  for (const { resource, node } of inOrder) {
    if (node === null) rows.delete(resource);
    else rows.set(resource, node);
  }
  return Object.fromEntries([...rows].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const VIEWS = ['tenant', 'resource', 'service_instance', 'shard', 'route', 'history'];

async function tablesOf(node: string): Promise<Record<string, unknown>> {
  const tables: Record<string, unknown> = {};
  for (const view of VIEWS) {
    const sql = `SELECT v::text AS row FROM ${view} v ORDER BY 1`;
    tables[view] = (await cluster.rows(node, sql)).map(({ row }) => row);
  }
  tables['checkpoint'] = await cluster.rows(
    node,
    `SELECT projection, partition, index, term, digest, row_count FROM checkpoint ORDER BY 1, 2`,
  );
  return tables;
}

interface Job {
  readonly state: string;
  readonly reason?: string;
}

/** Rows against the kept digest and against the state machine. */
async function verified(node: string, name: string): Promise<Job> {
  const { jobId } = await cluster.admin<{ jobId: string }>(node, 'projection.verify', { name });
  for (;;) {
    const job = await cluster.admin<Job>(node, 'job.show', { jobId });
    if (job.state !== 'running') return job;
    await pause(50);
  }
}

describe(`${kills} SIGKILLs at random moments under load (METAD_SEED=${seed})`, () => {
  it(
    'leave rows, checkpoints and digests equal on three nodes, and equal to the log',
    async () => {
      const load = new Writers();
      for (let kill = 0; kill < kills; kill += 1) {
        await load.more(commandsBetween);
        await pause(random.below(1_000));
        if (kill % 3 === 2) await killDatabase();
        else await killNode();
      }
      await load.more(commandsBetween);
      const acknowledged = await load.stop();
      await cluster.settled();

      const [first, ...others] = await Promise.all(cluster.nodes.map(tablesOf));
      for (const other of others) expect(other).toEqual(first);
      const rows = await cluster.rows('n1', 'SELECT resource_id, node FROM resource ORDER BY 1');
      const found = rows.map(({ resource_id: id, node }) => [String(id), node]);
      expect(Object.fromEntries(found)).toEqual(fold(acknowledged));
      const places = await cluster.rows(
        'n2',
        `SELECT partition, valid_from_index::integer AS index FROM history ORDER BY 1, 2`,
      );
      const logged = acknowledged.map(({ partition, index }) => ({ partition, index }));
      logged.sort((a, b) => a.partition - b.partition || a.index - b.index);
      expect(places).toEqual(logged);
      for (const node of cluster.nodes) {
        for (const name of VIEWS) {
          const { state, reason } = await verified(node, name);
          expect([node, name, state, reason]).toEqual([node, name, 'done', undefined]);
        }
      }
    },
    60_000 + kills * msForOneKill,
  );
});
