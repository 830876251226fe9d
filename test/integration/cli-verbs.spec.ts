import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runMetactl, startMetactl, type MetactlRun } from '../fixtures/cli/metactl.js';
import { WholeCluster } from '../fixtures/whole-cluster.js';

// The verbs of operators on three real nodes: what each prints, and what a script may conclude.

type Row = Readonly<Record<string, unknown>>;

let cluster: WholeCluster;
let folder: string;
const environment = (): NodeJS.ProcessEnv => ({ METAD_SUBJECT_PREFIX: cluster.broker.prefix });
const metactl = (...args: string[]): Promise<MetactlRun> =>
  runMetactl(cluster.broker.url, args, environment());

/** What a verb prints as JSON; it must have succeeded. Progress may stand beside it. */
async function json(...args: string[]): Promise<unknown> {
  const run = await metactl(...args, '-o', 'json');
  if (run.code !== 0) throw new Error(`${args.join(' ')} ended with ${run.code}: ${run.err}`);
  return JSON.parse(run.out);
}

async function until<T>(look: () => Promise<T | null | undefined>, what: string): Promise<T> {
  const giveUpAt = Date.now() + 60_000;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined) return seen;
    if (Date.now() > giveUpAt) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const assign = (resourceId: string, node: string) =>
  cluster.client.command('AssignResource', { tenantId: 'acme', resourceId, node, kind: 'db' });

/** By a bare request, many of them: a metactl takes a second to start. */
const stateOf = (jobId: string, state: string): Promise<Row> =>
  until(async () => {
    const job = await cluster.admin<Row>('n2', 'job.show', { jobId });
    return job['state'] === state ? job : null;
  }, `job ${jobId} is ${state}`);

/** Starts what ends in a job on n2; returns its id. */
const begin = async (...args: string[]): Promise<string> =>
  String(((await json('projection', ...args, '--node', 'n2')) as Row)['jobId']);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'metactl-verbs-'));
  cluster = await WholeCluster.start(4);
  for (let at = 0; at < 40; at += 1) await assign(`db-${at}`, `node-${at % 3}`);
  await cluster.settled();
}, 300_000);

afterAll(async () => {
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
}, 300_000);

describe('metactl job and projection', () => {
  it('leave a new version beside the live one, put it in use, and go back', async () => {
    const jobId = await begin('rebuild', 'resource', '--no-activate', '--detach');
    await stateOf(jobId, 'ready');
    expect(await json('job', 'show', jobId, '--node', 'n2')).toMatchObject({
      ...{ jobId, kind: 'rebuild', projection: 'resource', state: 'ready' },
    });
    const listed = (await json('job', 'list')) as Row[];
    expect(listed).toEqual([expect.objectContaining({ node: 'n2', jobId, state: 'ready' })]);
    expect(await begin('activate', 'resource')).toBe(jobId);
    await stateOf(jobId, 'done');
    const versions = async () =>
      ((await json('projection', 'list')) as Row[])
        .filter(({ name }) => name === 'resource')
        .map(({ node, version }) => `${String(node)}:${String(version)}`);
    expect(await versions()).toEqual(['n1:1', 'n2:2', 'n3:1']);
    await stateOf(await begin('rollback', 'resource'), 'done');
    expect(await versions()).toEqual(['n1:1', 'n2:1', 'n3:1']);
    const verified = await stateOf(await begin('verify', 'resource'), 'done');
    expect(verified['report']).toMatchObject({ verification: { equal: true } });
    expect(await metactl('projection', 'activate', 'resource', '--node', 'n2')).toMatchObject({
      ...{ code: 4, err: expect.stringMatching(/NOT_FOUND: no version of resource is ready/) },
    });
  });

  it('cancel a job, which leaves nothing behind', async () => {
    const jobId = await begin('rebuild', 'resource', '--throttle', '1', '--detach');
    // Without --node every node is asked; those that do not know the job say nothing.
    const cancelled = (await json('job', 'cancel', jobId)) as Row[];
    expect(cancelled).toEqual([expect.objectContaining({ node: 'n2', state: 'cancelled' })]);
    await stateOf(jobId, 'cancelled');
    const nobodys = '0199d3a0-0000-7000-8000-000000000000';
    expect(await metactl('job', 'show', nobodys)).toMatchObject({
      ...{ code: 4, err: expect.stringMatching(/NOT_FOUND: no job/) },
    });
  });

  it('hold a projection back and let it go on', async () => {
    await json('projection', 'pause', 'resource', '--node', 'n3');
    for (let at = 0; at < 12; at += 1) await assign('lagging', `node-${at}`);
    const table = await metactl('projection', 'list', '--node', 'n3');
    expect(table.out).toMatch(/resource +\d +paused .*paused by an operator/);
    const late = await metactl('check', 'lag', '--max-entries', '5');
    expect(late).toMatchObject({
      code: 7,
      out: expect.stringMatching(/^degraded: .*n3: projection resource is \d+ entries/),
    });
    await json('projection', 'resume', 'resource', '--node', 'n3');
    await cluster.settled();
    expect(await metactl('check', 'lag', '--max-entries', '5')).toMatchObject({
      ...{ code: 0, out: 'ok: lag\n' },
    });
  });
});

describe('metactl dead-letter', () => {
  /** As a handler that refuses a change would leave it: none of this build's handlers does. */
  async function park(resourceId: string, versions: readonly number[]): Promise<void> {
    const partition = 1;
    const entry = {
      ...{ partition, index: 1, term: 1, time: 1, commandId: null, command: null },
      ...{ actor: null, reason: null, rejected: null },
    };
    for (const version of versions) {
      const about = { kind: 'resource', namespace: 'prod', key: `lost/${resourceId}` };
      const value = { tenantId: 'lost', resourceId, node: `node-${version}`, labels: {} };
      const after = {
        ...{ ...about, version, fence: null, value, createdAt: 1, updatedAt: 1, index: 1 },
        expiresAt: null,
      };
      const change = { type: 'ResourceAssigned', ...about, data: value, before: null, after };
      await cluster.rows(
        'n1',
        `INSERT INTO projection_dead_letter
          (projection, version, partition, index, kind, namespace, record_key,
            entry, change, reason)
        SELECT 'resource', version, ${partition}, 1, 'resource', 'prod', '${about.key}',
          '${JSON.stringify(entry)}', '${JSON.stringify(change)}', 'refused by the suite'
        FROM projection_version WHERE projection = 'resource' AND state = 'live'`,
      );
    }
  }

  it('show what waits, hand it to the projection again, or give it up in order', async () => {
    expect(await metactl('dead-letter', 'list')).toMatchObject({ code: 0, err: 'nothing found\n' });
    await park('a', [1, 2]);
    await park('b', [1, 2]);
    const letters = (await json('dead-letter', 'list')) as Row[];
    expect(letters).toHaveLength(4);
    const idOf = (at: number): string => String(letters[at]?.['id']);
    expect(await json('dead-letter', 'show', idOf(0), '--node', 'n1')).toMatchObject({
      ...{ recordKey: 'lost/a', reason: 'refused by the suite', state: 'waiting' },
    });
    const retried = await json('dead-letter', 'retry', idOf(0), '--node', 'n1');
    expect(retried).toEqual({ retried: 2 });
    const rows = await cluster.rows('n1', "SELECT node FROM resource WHERE tenant_id = 'lost'");
    expect(rows).toEqual([{ node: 'node-2' }]);
    // The later change of a record cannot be given up before the earlier one.
    expect(await metactl('dead-letter', 'skip', idOf(3), '--node', 'n1')).toMatchObject({
      ...{ code: 4, err: expect.stringMatching(/RULE_VIOLATED.*earlier changes/) },
    });
    expect(await json('dead-letter', 'skip', idOf(2), '--node', 'n1')).toEqual({ skipped: 1 });
    expect(await json('dead-letter', 'skip', idOf(3), '--node', 'n1')).toEqual({ skipped: 1 });
    expect(await metactl('dead-letter', 'retry', idOf(3), '--node', 'n1')).toMatchObject({
      ...{ code: 4, err: expect.stringMatching(/was skipped already/) },
    });
    expect(await metactl('dead-letter', 'show', '999999')).toMatchObject({ code: 4 });
  });
});

describe('metactl import and export', () => {
  it('go on after a kill -9 in the middle, every line once', async () => {
    const file = join(folder, 'many.ndjson');
    const count = 3_000;
    const lines = Array.from({ length: count }, (_, at) => {
      const data = { tenantId: `t-${at % 7}`, resourceId: `r-${at}`, node: `node-${at % 5}` };
      return JSON.stringify({ namespace: 'bulk', command: 'AssignResource', data });
    });
    writeFileSync(file, `${lines.join('\n')}\n`);
    const written = async (): Promise<number> => {
      const sql = "SELECT count(*)::integer AS n FROM resource WHERE namespace = 'bulk'";
      return Number((await cluster.rows('n1', sql))[0]?.['n']);
    };
    const args = ['import', file, '--concurrency', '8'];
    const first = startMetactl(cluster.broker.url, args, environment());
    await until(async () => ((await written()) > 200 ? true : null), 'the import is under way');
    first.signal('SIGKILL');
    await first.ended;
    await cluster.settled();
    expect(await written()).toBeLessThan(count);
    const second = (await json('import', file)) as Row;
    expect(second).toMatchObject({ lines: count, rejected: 0 });
    await cluster.settled();
    expect(await written()).toBe(count);
    const versions = "SELECT DISTINCT version::integer AS v FROM resource WHERE namespace = 'bulk'";
    expect(await cluster.rows('n1', versions)).toEqual([{ v: 1 }]);
    // A third time there is nothing left to send.
    expect(await json('import', file)).toMatchObject({ lines: count });
  }, 180_000);

  it('carry records from one namespace into another as CSV', async () => {
    const where = ['--where', 'tenantId=acme', '--position', cluster.client.position() ?? ''];
    const csv = join(folder, 'acme.csv');
    const out = await metactl('export', 'resources', '-n', 'prod', '--as', 'csv', ...where);
    expect(out.code).toBe(0);
    const [header, ...rows] = out.out.trimEnd().split('\n');
    expect(header).toBe('namespace,tenant,resource,node,kind,owner,version,labels');
    writeFileSync(csv, out.out);
    const columns = [
      '--column',
      'tenantId=tenant',
      'resourceId=resource',
      'node=node',
      'kind=kind',
    ];
    const into = ['-n', 'copy', '--command', 'AssignResource', ...columns];
    expect(await json('import', csv, ...into)).toMatchObject({ applied: rows.length, rejected: 0 });
    const asList = ['-o', 'json', '--all', '--consistency', 'linearizable'];
    const both = await Promise.all(
      ['prod', 'copy'].map(async (namespace) => {
        const list = await metactl('list', 'resources', '-n', namespace, ...asList);
        return (JSON.parse(list.out) as Row[])
          .filter(({ tenantId }) => tenantId === 'acme')
          .map(({ resourceId, node, kind }) => ({ resourceId, node, kind }));
      }),
    );
    expect(both[1]).toEqual(both[0]);
    expect(both[0]).toHaveLength(rows.length);
  });

  it('say which lines were refused, and why', async () => {
    const file = join(folder, 'refused.ndjson');
    const line = (data: Row) => JSON.stringify({ namespace: 'x', command: 'EvictTenant', data });
    writeFileSync(file, `${line({ tenantId: 'nobody' })}\n${line({ colour: 1 })}\n`);
    expect(await metactl('import', file)).toMatchObject({ code: 4 });
    const refused = readFileSync(`${file}.rejected.ndjson`, 'utf8').trim().split('\n');
    expect(refused.map((each) => (JSON.parse(each) as Row)['code']).sort()).toEqual([
      ...['INVALID_ARGUMENT', 'NOT_FOUND'],
    ]);
  });
});

describe('metactl watch, history and as-of', () => {
  it('tell the same story', async () => {
    const from = cluster.client.position() ?? '';
    const moves = ['one', 'two', 'three'];
    const replies = [];
    for (const node of moves) replies.push(await assign('story', node));
    const last = replies.at(-1)?.position ?? '';
    const args = ['watch', '-n', 'prod', '--kind', 'resource', '--id', 'story', '-o', 'json'];
    const watching = startMetactl(cluster.broker.url, [...args, '--from', from], environment());
    const changes = await until(async () => {
      const lines = watching.text.out.split('\n').filter((line) => line.endsWith('}'));
      const all = lines.map((line) => JSON.parse(line) as { event: string; record: Row });
      const seen = all.filter(({ event }) => event === 'change');
      return seen.length === 3 ? seen : null;
    }, 'three changes');
    expect(changes.map(({ record }) => record['node'])).toEqual(moves);
    watching.signal('SIGTERM');
    expect((await watching.ended).code).toBe(0);
    const about = ['resource', 'story', '-n', 'prod', '--position', last];
    const history = (await json('history', ...about)) as { record: Row }[];
    expect(history.map(({ record }) => record['node'])).toEqual(moves);
    const then = (await json('as-of', ...about, '--at', replies[1]?.position ?? '')) as Row;
    expect(then['item']).toMatchObject({ node: 'two', version: 2 });
  });
});

describe('metactl bench', () => {
  // A read of what was never written is refused: the write load comes first.
  it.each(['write', 'mixed'])('measures a %s load without a failure', async (mode) => {
    const args = ['--mode', mode, '--seconds', '1', '--outstanding', '8', '--resources', '16'];
    const result = (await json('bench', ...args)) as Row;
    expect(result).toMatchObject({ outstanding: 8, failures: {}, retries: expect.any(Number) });
    expect(Number(result['done'])).toBeGreaterThan(8);
  });
});

describe('metactl check', () => {
  it.each(['health', 'lag', 'digest'])('%s is 0 while all is well', async (what) => {
    await cluster.settled();
    expect(await metactl('check', what)).toMatchObject({ code: 0, out: `ok: ${what}\n` });
  });

  it('health is 7 while a node is away, 0 when it is back', async () => {
    await cluster.kill('n2');
    const away = await metactl('check', 'health', '--timeout', '2000');
    expect(away).toMatchObject({
      code: 7,
      out: expect.stringMatching(/^degraded: .*n2 is not reachable/),
    });
    await cluster.launcher.says(/n2 is back/);
    await until(
      async () => ((await metactl('check', 'health')).code === 0 ? true : null),
      'the cluster is well again',
    );
  });
});

describe('verbs of what comes later', () => {
  it.each([
    ['member', 'add', 'n4'],
    ['partition', 'split', '1'],
    ['backup', 'create', '/backups/today'],
  ])('%s %s is refused with what to do until then', async (noun, verb, ...rest) => {
    const run = await metactl(noun, verb, ...rest);
    expect(run).toMatchObject({ code: 4, out: '' });
    expect(run.err).toMatch(new RegExp(`does not have "${noun} ${verb}"\nUntil then: \\w+`));
  });
});
