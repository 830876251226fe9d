import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WholeCluster } from '../fixtures/whole-cluster.js';
import { runMetactl, type MetactlRun } from '../fixtures/cli/metactl.js';

// What an operator and an orchestrator see of a node that is drained, or that has lost its quorum.

const waitMsMax = 30_000;

let cluster: WholeCluster;
beforeAll(async () => {
  cluster = await WholeCluster.start(4);
}, 300_000);
afterAll(() => cluster.stop(), 300_000);

interface Facts {
  readonly pid: number;
  readonly state: string;
  readonly http: string;
}

const factsOf = (node: string): Promise<Facts> => cluster.admin(node, 'node.describe');

interface Probe {
  readonly status: number;
  readonly text: string;
}

async function probe(http: string, path: string): Promise<Probe> {
  const response = await fetch(`${http}/${path}`);
  return { status: response.status, text: await response.text() };
}

async function until(http: string, path: string, is: (probe: Probe) => boolean): Promise<Probe> {
  const deadline = Date.now() + waitMsMax;
  for (;;) {
    const seen = await probe(http, path);
    if (is(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`${path} stays ${seen.status}:\n${seen.text}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function leads(node: string): Promise<number> {
  const partitions = await cluster.partitions('n3');
  return partitions.filter(({ leader }) => leader === node).length;
}

const metactl = (...args: string[]): Promise<MetactlRun> =>
  runMetactl(cluster.broker.url, args, { METAD_SUBJECT_PREFIX: cluster.broker.prefix });

describe('a drained node', () => {
  it('leads nothing, is not ready, lives on, and takes its share again when told to', async () => {
    const { http } = await factsOf('n1');
    await until(http, 'readyz', ({ status }) => status === 200);
    expect((await metactl('node', 'drain', 'n1')).code).toBe(0);
    expect(await leads('n1')).toBe(0);
    expect((await metactl('node', 'list')).out).toMatch(/n1 .*drained/);
    expect((await metactl('cluster', 'status')).code).toBe(0);
    const ready = await probe(http, 'readyz');
    expect(ready).toMatchObject({ status: 503 });
    expect(ready.text).toContain('[-] serving: drained');
    expect(await probe(http, 'livez')).toMatchObject({ status: 200 });
    expect(await probe(http, 'startupz')).toMatchObject({ status: 200 });

    const data = { tenantId: 't', resourceId: 'r', node: 'node-a' };
    const reply = await cluster.client.command('AssignResource', data);
    expect(reply.outcome).toBe('applied');

    expect((await metactl('node', 'undrain', 'n1')).code).toBe(0);
    await until(http, 'readyz', ({ status }) => status === 200);
    const led = (await cluster.partitions('n2')).find(({ leader }) => leader !== 'n1');
    const leader = led?.leader ?? '';
    await cluster.admin(leader, 'partition.transfer', { partition: led?.partition, to: 'n1' });
    expect(await leads('n1')).toBeGreaterThan(0);
  });
});

describe('a node without a quorum', () => {
  it('is alive and started, but not ready, and recovers by itself', async () => {
    const { http } = await factsOf('n3');
    const others = await Promise.all(['n1', 'n2'].map(factsOf));
    await until(http, 'readyz', ({ status }) => status === 200);
    for (const { pid } of others) process.kill(pid, 'SIGSTOP');
    try {
      const isWithout = ({ text }: Probe) => text.includes('[-] leaders: no leader known: 0, 1');
      const { status } = await until(http, 'readyz?verbose', isWithout);
      expect(status).toBe(503);
      expect(await probe(http, 'livez?verbose')).toMatchObject({ status: 200 });
      expect(await probe(http, 'startupz')).toEqual({ status: 200, text: 'ok\n' });
    } finally {
      for (const { pid } of others) process.kill(pid, 'SIGCONT');
    }
    const { text } = await until(http, 'readyz?verbose', ({ status }) => status === 200);
    expect(text).toContain('[+] leaders: all partitions are led');
  });
});

describe('a second signal', () => {
  it('stops a node at once that would wait for what is in flight', async () => {
    const { pid } = await factsOf('n2');
    const others = await Promise.all(['n1', 'n3'].map(factsOf));
    const led = (await cluster.partitions('n2')).filter(({ partition }) => partition > 0);
    for (const { partition, leader } of led) {
      if (leader !== 'n2') {
        await cluster.admin(leader ?? '', 'partition.transfer', { partition, to: 'n2' });
      }
    }
    const said = cluster.launcher.text.length;
    for (const { pid: other } of others) process.kill(other, 'SIGSTOP');
    try {
      // Cannot be committed: nobody else answers.
      const data = { tenantId: 't', resourceId: 'late', node: 'node-a' };
      const late = cluster.client.command('AssignResource', data, { timeoutMs: 60_000 });
      await new Promise((resolve) => setTimeout(resolve, 300));
      process.kill(pid, 'SIGTERM');
      await new Promise((resolve) => setTimeout(resolve, 300));
      process.kill(pid, 'SIGTERM');
      await cluster.launcher.says(new RegExp(`n2 \\(process ${pid}\\) ended: exit code 130`), said);
      for (const { pid: other } of others) process.kill(other, 'SIGCONT');
      expect(['applied', 'duplicate']).toContain((await late).outcome);
    } finally {
      for (const { pid: other } of others) process.kill(other, 'SIGCONT');
    }
    await cluster.launcher.says(/n2 is back/, said);
  }, 300_000);
});
