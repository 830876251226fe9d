import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { VerificationReport } from '@metad/projection';
import type { Job, JobOptions } from '../../src/projection/jobs/job-store.js';
import { startPostgres, type TestPostgres } from '../fixtures/postgres.js';
import { ProjectedNode } from '../fixtures/projected-node.js';

const fromLog: JobOptions = {
  ...{ source: 'log', throttle: null, activate: true, compareWithLive: true },
};
let postgres: TestPostgres;
let node: ProjectedNode;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.dispose());
beforeEach(async () => {
  node = new ProjectedNode({ url: postgres.url, held: 500 });
  node.work(1, 3_000);
  await node.settled();
});
afterEach(() => node.dispose());

const status = (name: string) => node.projections.list().find((item) => item.name === name);

const tables = async (): Promise<string[]> => {
  const rows = await node.sql<{ tablename: string }>(`SELECT tablename FROM pg_tables
    WHERE schemaname = current_schema() AND tablename LIKE 'resource_v%' ORDER BY 1`);
  return rows.map((row) => row.tablename);
};

/** A rebuild that finds a row which no record accounts for. */
async function failed(): Promise<Job> {
  const { jobs } = node.projections;
  const job = await jobs.rebuild('resource', fromLog);
  await jobs.pause(job.jobId);
  await node.sql(`INSERT INTO resource_v${job.version} (namespace, resource_id, tenant_id, node,
    labels, version, created_at, updated_at, index, partition)
    VALUES ('prod', 'ghost', 't1', 'node-1', '{}', 1, now(), now(), 1, 1)`);
  await jobs.resume(job.jobId);
  const ended = await node.finished(job);
  expect(ended).toMatchObject({ state: 'failed', report: { verification: { equal: false } } });
  return ended;
}

const patience = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('jobs of a node', () => {
  it('rebuild a projection and report that both versions are equal', async () => {
    const job = await node.projections.jobs.rebuild('resource', fromLog);
    const done = await node.finished(job);
    expect(done).toMatchObject({ state: 'done', done: 3_000, total: 3_000, reason: null });
    expect(done.report).toMatchObject({ equalsLive: true, activated: true, replaced: 1 });
    expect(status('resource')).toMatchObject({ version: 2, state: 'live' });
    expect((await node.projections.jobs.list())[0]).toMatchObject({ jobId: job.jobId });
  });

  it('stop when ready if they are told to, and follow when they are activated', async () => {
    const job = await node.projections.jobs.rebuild('resource', { ...fromLog, activate: false });
    expect(await node.finished(job)).toMatchObject({ state: 'ready' });
    expect(status('resource')).toMatchObject({ version: 1 });
    node.work(2, 500);
    const done = await node.finished(await node.projections.jobs.activate('resource'));
    expect(done).toMatchObject({ state: 'done', report: { equalsLive: true } });
    expect(status('resource')).toMatchObject({ version: 2 });
  });

  it('keep the version before for a rollback, caught up before it is used again', async () => {
    await node.finished(await node.projections.jobs.rebuild('resource', fromLog));
    node.work(3, 500);
    const back = await node.finished(await node.projections.jobs.rollback('resource'));
    expect(back).toMatchObject({ state: 'done', report: { equalsLive: true } });
    expect(status('resource')).toMatchObject({ version: 1 });
    await node.settled();
    const verified = await node.finished(await node.projections.jobs.verify('resource'));
    const { verification } = verified.report as { verification: VerificationReport };
    expect(verification.equal).toBe(true);
  });

  it('keep one previous version and no more', async () => {
    await node.finished(await node.projections.jobs.rebuild('resource', fromLog));
    await node.finished(await node.projections.jobs.rebuild('resource', fromLog));
    expect(await tables()).toEqual(['resource_v2', 'resource_v3']);
  });

  it('pause, say so, and go on', async () => {
    const slow = { ...fromLog, throttle: 1_000 };
    const job = await node.projections.jobs.rebuild('resource', slow);
    await node.projections.jobs.pause(job.jobId);
    await patience(50);
    expect(await node.projections.jobs.show(job.jobId)).toMatchObject({ state: 'paused' });
    const { done } = await node.projections.jobs.show(job.jobId);
    await patience(100);
    expect((await node.projections.jobs.show(job.jobId)).done).toBe(done);
    await node.projections.jobs.resume(job.jobId);
    expect(await node.finished(job)).toMatchObject({ state: 'done' });
  });

  it('leave nothing behind when they are cancelled', async () => {
    const slow = { ...fromLog, throttle: 500 };
    const job = await node.projections.jobs.rebuild('resource', slow);
    expect(await tables()).toEqual(['resource_v1', 'resource_v2']);
    expect(await node.projections.jobs.cancel(job.jobId)).toMatchObject({ state: 'cancelled' });
    expect(await tables()).toEqual(['resource_v1']);
    expect(await node.projections.jobs.show(job.jobId)).toMatchObject({ state: 'cancelled' });
  });

  it('go on after the node was started again', async () => {
    const slow = { ...fromLog, throttle: 2_000 };
    const job = await node.projections.jobs.rebuild('resource', slow);
    await patience(300);
    await node.stop();
    const { schema, log } = node;
    node = new ProjectedNode({ url: postgres.url, held: 500, schema, log });
    await node.settled();
    expect(await node.finished(job)).toMatchObject({ state: 'done', report: { equalsLive: true } });
    expect(status('resource')).toMatchObject({ version: 2 });
  });

  it('refuse a second job of the same projection, and names that do not exist', async () => {
    const job = await node.projections.jobs.rebuild('resource', { ...fromLog, throttle: 500 });
    await expect(node.projections.jobs.rebuild('resource', fromLog)).rejects.toThrow('at work');
    await expect(node.projections.jobs.rebuild('nothing', fromLog)).rejects.toThrow('nothing');
    await expect(node.projections.jobs.show('nothing')).rejects.toThrow('no job');
    await node.projections.jobs.cancel(job.jobId);
  });

  it('find a row that somebody changed by hand', async () => {
    await node.sql(`UPDATE resource_v1 SET node = 'x' WHERE resource_id =
      (SELECT min(resource_id) FROM resource_v1)`);
    const done = await node.finished(await node.projections.jobs.verify('resource'));
    const { verification } = done.report as { verification: VerificationReport };
    expect(verification.equal).toBe(false);
    expect(verification.differences).toMatchObject([{ difference: 'changed' }]);
  });
});

describe('a rebuild that failed', () => {
  it('leaves its tables for inspection until the next rebuild begins', async () => {
    await failed();
    expect(await tables()).toEqual(['resource_v1', 'resource_v2']);
    await failed();
    expect(await tables()).toEqual(['resource_v1', 'resource_v2']);
    await node.finished(await node.projections.jobs.rebuild('resource', fromLog));
    expect(status('resource')).toMatchObject({ version: 2, state: 'live' });
    expect(await tables()).toEqual(['resource_v1', 'resource_v2']);
  });

  it('goes without touching a version that waits to be activated', async () => {
    const { jobs } = node.projections;
    await node.finished(await jobs.rebuild('resource', { ...fromLog, activate: false }));
    await failed();
    await failed();
    expect(await tables()).toEqual(['resource_v1', 'resource_v2', 'resource_v3']);
    expect(await node.finished(await jobs.activate('resource'))).toMatchObject({ version: 2 });
    expect(status('resource')).toMatchObject({ version: 2, state: 'live' });
  });

  it('is rid of its tables when it is cancelled, and stays failed', async () => {
    const { jobs } = node.projections;
    const job = await failed();
    expect(await jobs.cancel(job.jobId)).toMatchObject({ state: 'failed' });
    expect(await tables()).toEqual(['resource_v1']);
    expect(await jobs.show(job.jobId)).toMatchObject({ state: 'failed' });
    const next = await jobs.rebuild('resource', { ...fromLog, activate: false });
    await node.finished(next);
    await jobs.cancel(job.jobId);
    expect(await tables()).toEqual(['resource_v1', 'resource_v2']);
    expect(await node.finished(await jobs.activate('resource'))).toMatchObject({ state: 'done' });
    await jobs.cancel(job.jobId);
    expect(status('resource')).toMatchObject({ version: 2, state: 'live' });
  });
});
