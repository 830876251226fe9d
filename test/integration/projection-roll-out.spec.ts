import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MetadError } from '@metad/contract';
import type { Job, JobOptions } from '../../src/projection/jobs/job-store.js';
import type { NodeStep } from '../../src/projection/jobs/roll-out.js';
import type { PeerNodes } from '../../src/projection/projection-ports.js';
import { startPostgres, type TestPostgres } from '../fixtures/postgres.js';
import { ProjectedNode } from '../fixtures/projected-node.js';

const fromLog: JobOptions = {
  ...{ source: 'log', throttle: null, activate: true, compareWithLive: true },
};
const names = ['n1', 'n2', 'n3'];
let postgres: TestPostgres;
let nodes: Map<string, ProjectedNode>;
/** Nodes that do not answer. */
let away: Set<string>;
/** Rebuilds at work at the same moment, at most. */
let atOnceMax: number;

/** What the administrative verbs do, without a broker in between. */
const peers: PeerNodes = {
  names: () => names,
  ask: async <Reply>(node: string, noun: string, verb: string, body: object): Promise<Reply> => {
    const found = nodes.get(node);
    if (!found || away.has(node)) throw new MetadError('NO_LEADER', `node ${node} is away`, {});
    const { jobs } = found.projections;
    const { jobId } = body as { readonly jobId: string };
    switch (`${noun}.${verb}`) {
      case 'projection.rebuild': {
        const { name, ...options } = body as { readonly name: string } & JobOptions;
        const job = await jobs.rebuild(name, { ...options, compareWithLive: true });
        await countAtOnce();
        return { jobId: job.jobId } as Reply;
      }
      case 'job.list':
        return { items: (await jobs.list()).map(shown) } as Reply;
      default:
        return shown(await jobs[verb as 'show' | 'pause' | 'resume' | 'cancel'](jobId)) as Reply;
    }
  },
};

const shown = ({ reason, ...job }: Job): object => ({ ...job, ...(reason !== null && { reason }) });

async function countAtOnce(): Promise<void> {
  const lists = await Promise.all([...nodes.values()].map((node) => node.projections.jobs.list()));
  const working = lists
    .flat()
    .filter(({ kind, state }) => kind === 'rebuild' && state === 'running');
  atOnceMax = Math.max(atOnceMax, working.length);
}

const node = (name: string): ProjectedNode => {
  const found = nodes.get(name);
  if (!found) throw new Error(name);
  return found;
};
const versionsOf = (): (number | undefined)[] =>
  names.map((name) => {
    const list = node(name).projections.list();
    return list.find((item) => item.name === 'resource')?.version;
  });
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.dispose());
beforeEach(async () => {
  away = new Set();
  atOnceMax = 0;
  const begun = names.map(
    (name) => [name, new ProjectedNode({ url: postgres.url, held: 500, peers })] as const,
  );
  nodes = new Map(begun);
  for (const [, each] of begun) each.work(1, 1_500);
  await Promise.all(begun.map(([, each]) => each.settled()));
}, 300_000);
afterEach(async () => {
  await Promise.all([...nodes.values()].map((each) => each.dispose()));
}, 300_000);

const stepsOf = (job: Job): string[] =>
  (job.report as { readonly nodes: readonly NodeStep[] }).nodes.map(({ state }) => state);

describe('a rebuild on all nodes', () => {
  it('is one job of one node, and touches one node after the other', async () => {
    const { jobs } = node('n1').projections;
    const job = await jobs.rebuildAll('resource', fromLog);
    // This node's own rebuild is a job of its own, and may have begun by now.
    const rollOuts = (await jobs.list()).filter(({ kind }) => kind === 'roll-out');
    expect(rollOuts).toMatchObject([{ jobId: job.jobId }]);
    const done = await node('n1').finished(job);
    expect(done).toMatchObject({ state: 'done', reason: null, done: 4_500, total: 4_500 });
    expect(stepsOf(done)).toEqual(['done', 'done', 'done']);
    expect(versionsOf()).toEqual([2, 2, 2]);
    expect(atOnceMax).toBe(1);
  }, 300_000);

  it('waits for a node that is away, says so, and can be cancelled', async () => {
    away.add('n2');
    const { jobs } = node('n1').projections;
    const job = await jobs.rebuildAll('resource', fromLog);
    await expect(jobs.rebuildAll('resource', fromLog)).rejects.toThrow('rolled out already');
    while (!(await jobs.show(job.jobId)).reason?.includes('n2 is away')) await pause(50);
    const cancelled = await jobs.cancel(job.jobId);
    expect(cancelled).toMatchObject({ state: 'cancelled' });
    expect(stepsOf(cancelled)).toEqual(['done', 'waiting', 'waiting']);
    expect(versionsOf()).toEqual([2, 1, 1]);
  }, 300_000);

  it('goes on after its node was started again', async () => {
    away.add('n3');
    const job = await node('n2').projections.jobs.rebuildAll('resource', fromLog);
    const { schema, log } = node('n2');
    while (versionsOf()[1] !== 2) await pause(50);
    await node('n2').stop();
    nodes.set('n2', new ProjectedNode({ url: postgres.url, held: 500, peers, schema, log }));
    await node('n2').settled();
    away.clear();
    expect(await node('n2').finished(job)).toMatchObject({ state: 'done' });
    expect(versionsOf()).toEqual([2, 2, 2]);
  }, 300_000);

  it('stops at a node that refuses', async () => {
    const { jobs } = node('n1').projections;
    await expect(jobs.rebuildAll('nothing', fromLog)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    nodes.get('n2')!.projections.jobs.rebuild = () =>
      Promise.reject(new MetadError('NOT_FOUND', 'no such projection here', {}));
    const failed = await node('n1').finished(await jobs.rebuildAll('resource', fromLog));
    expect(failed).toMatchObject({ state: 'failed' });
    expect(failed.reason).toContain('n2: ');
    expect(stepsOf(failed)).toEqual(['done', 'failed', 'waiting']);
  }, 300_000);
});
