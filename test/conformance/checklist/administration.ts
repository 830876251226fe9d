import { describe, expect, it } from '@jest/globals';
import type { Bench } from './bench.js';
import { eventually, partitions } from './bench.js';
import { ADMIN_READS } from './contract-names.js';
import type { Fields } from './wire.js';

/** Beyond the contract: what this version tells besides. A field that appears shows up here. */
const MORE: Readonly<Record<string, readonly string[]>> = {
  'partition.describe': ['state', 'reason?'],
  'log.read': ['type?'],
  'projection.list': ['heartbeatAgeMs', 'reason?'],
  'projection.list checkpoint': ['rows', 'position'],
  'job.show': [
    ...['jobId', 'kind', 'projection', 'version', 'options', 'report', 'createdAt', 'finishedAt'],
  ],
  'partition.transfer': ['partition', 'leader'],
};

export function administrationChapter(bench: () => Bench): void {
  /** Exactly the contract's fields, and the ones named above. */
  const mustHold = (act: keyof typeof ADMIN_READS, row: Fields): void => {
    const promised: readonly string[] = ADMIN_READS[act];
    const all = [...promised, ...(MORE[act] ?? [])];
    const known = all.map((name) => name.replace('?', ''));
    const given = Object.keys(row);
    const required = promised.filter((name) => !name.endsWith('?'));
    expect({ act, missing: required.filter((name) => !given.includes(name)) }).toEqual({
      ...{ act, missing: [] },
    });
    expect({ act, unknown: given.filter((name) => !known.includes(name)) }).toEqual({
      ...{ act, unknown: [] },
    });
    bench().ledger.note(`admin ${act}`, ...given);
  };

  describe('what operators and tests read', () => {
    it('partition.describe tells every partition, or one', async () => {
      const { wire } = bench();
      const { items } = (await wire.admin('n2', 'partition.describe')) as { items: Fields[] };
      expect(items.map(({ partition }) => partition)).toEqual([0, 1, 2, 3, 4]);
      for (const item of items) {
        mustHold('partition.describe', item);
        expect(item).toMatchObject({
          role: expect.stringMatching(/^(leader|follower)$/),
          leader: expect.stringMatching(/^n[123]$/),
          ...{ term: expect.any(Number), commitIndex: expect.any(Number) },
          ...{ voters: ['n1', 'n2', 'n3'], learners: [] },
        });
      }
      const one = await wire.admin('_any', 'partition.describe', { partition: 3 });
      expect(one['items']).toMatchObject([{ partition: 3 }]);
    });

    it('log.read tells entries, commands with their names', async () => {
      const { wire, cluster } = bench();
      const commandId = '0199d3a0-0000-7000-8000-0000000000aa';
      const data = { tenantId: 'logged', cell: 'x' };
      const { position } = await wire.done('PlaceTenant', data, { commandId }, 'admin');
      const [, , partition = 0, index = 0] = String(position).split('.').map(Number);
      await cluster.settled();
      const request = { partition, from: index, limit: 1 };
      const { items } = (await wire.admin('n3', 'log.read', request)) as { items: Fields[] };
      expect(items).toMatchObject([
        { index, kind: 'command', commandId, command: 'PlaceTenant', namespace: 'admin' },
      ]);
      for (const item of items) mustHold('log.read', item);
    });

    it('projection.list tells every projection with its checkpoints', async () => {
      const { wire, cluster } = bench();
      await cluster.settled();
      const { items } = (await wire.admin('n1', 'projection.list')) as { items: Fields[] };
      expect(items.map(({ name }) => name).sort()).toEqual([
        ...['history', 'resource', 'route', 'service_instance', 'shard', 'tenant'],
      ]);
      for (const item of items) {
        mustHold('projection.list', item);
        const checkpoints = item['checkpoints'] as Fields[];
        expect(checkpoints).toHaveLength(partitions);
        for (const checkpoint of checkpoints) mustHold('projection.list checkpoint', checkpoint);
        expect(item).toMatchObject({ state: 'live', version: expect.any(Number), lagEntries: 0 });
        bench().ledger.note('admin', 'projection.list checkpoint');
      }
    });

    it('projection.rebuild begins a job, which job.show follows to its end', async () => {
      const { wire } = bench();
      const request = { name: 'resource', source: 'log', throttle: 1_000_000, activate: true };
      const begun = await wire.admin('n2', 'projection.rebuild', request);
      mustHold('projection.rebuild', begun);
      const { jobId } = begun;
      const ended = await eventually(async () => {
        const job = await wire.admin('n2', 'job.show', { jobId });
        mustHold('job.show', job);
        return job['state'] === 'running' ? null : job;
      }, 'the end of a rebuild');
      expect(ended).toMatchObject({ state: 'done' });
      expect(ended['done']).toBe(ended['total']);
      const slow = { name: 'resource', source: 'snapshot', throttle: 1, activate: false };
      const { jobId: slowId } = await wire.admin('n2', 'projection.rebuild', slow);
      await wire.admin('n2', 'job.pause', { jobId: slowId });
      const paused = await wire.admin('n2', 'job.show', { jobId: slowId });
      expect(paused).toMatchObject({ state: 'paused', reason: 'paused' });
      mustHold('job.show', paused);
      const cancelled = await wire.admin('n2', 'job.cancel', { jobId: slowId });
      expect(cancelled).toMatchObject({ state: 'cancelled' });
      const failed = await wire.ask('admin.n2.job.show', { jobId: '0'.repeat(8) });
      expect(failed.error).toMatchObject({ code: 'INVALID_ARGUMENT' });
    });

    it('partition.transfer hands leadership over, whoever is asked', async () => {
      const { wire, cluster } = bench();
      const { leader } = (await cluster.partitions('n1')).find((one) => one.partition === 2) ?? {};
      const to = cluster.nodes.find((node) => node !== leader) ?? '';
      const moved = await wire.admin('_any', 'partition.transfer', { partition: 2, to });
      mustHold('partition.transfer', moved);
      expect(moved).toEqual({ partition: 2, leader: to });
    });
  });
}
