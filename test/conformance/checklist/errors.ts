import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { Bench } from './bench.js';
import { getPrefixPartitionKey, loadHasher } from '@metad/partition';
import { eventually, partitions } from './bench.js';
import type { DescribedPartition } from '../../fixtures/whole-cluster.js';
import type { Answer, Fields, Wire } from './wire.js';

const resource = { tenantId: 'errors', resourceId: 'r' };

/** A command over HTTP, read like any other answer: its status must be the error's. */
async function overHttp(
  wire: Wire,
  address: string,
  path: string,
  body: Fields,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${address}/api/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const answer = wire.read((await response.json()) as Fields);
  if (response.status === (answer.error?.status ?? 200)) return answer;
  throw new Error(`status ${response.status}, but ${JSON.stringify(answer)}`);
}

export function errorsChapter(bench: () => Bench): void {
  describe('errors of the door', () => {
    it('say that a name is not known', async () => {
      const { wire } = bench();
      const command = await wire.command('PaintFence', { data: {} });
      const query = await wire.query('GuessTenant', { params: {} });
      const codes = [command, query].map(({ error }) => error?.code);
      expect(codes).toEqual(['UNKNOWN_COMMAND', 'UNKNOWN_QUERY']);
      expect(query.error?.details['known']).toContain('Catchup');
      const act = await wire.ask('admin._any.fence.paint', {});
      expect(act.error).toMatchObject({ code: 'UNKNOWN_COMMAND' });
    });

    it('name the limit: of a request, a record, a key, labels', async () => {
      const { wire } = bench();
      const assign = { ...resource, node: 'n' };
      const large = (bytes: number) => ({ note: 'x'.repeat(bytes) });
      const body = { data: { ...assign, labels: large(262_144) } };
      const request = await wire.command('AssignResource', body);
      expect(request.error).toMatchObject({
        code: 'TOO_LARGE',
        details: { limit: 'requestBytesMax', max: 262_144 },
      });
      const shards = Array.from({ length: 1_500 }, (_, at) => ({
        ...{ shardId: `shard-${at}`, start: at, end: at === 1_499 ? 2 ** 32 : at + 1 },
        node: 'node-of-some-length',
      }));
      const record = await wire.command('CreateShardMap', {
        data: { map: 'errors', keyspace: 'hash', shards },
      });
      expect(record.error).toMatchObject({
        code: 'TOO_LARGE',
        details: { limit: 'recordBytesMax' },
      });
      for (const data of [
        { ...assign, resourceId: 'x'.repeat(513) },
        { ...assign, labels: large(257) },
        { ...assign, labels: Object.fromEntries(shards.slice(0, 65).map((s) => [s.shardId, ''])) },
      ]) {
        const { error } = await wire.command('AssignResource', { data });
        expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
        expect(error?.message).toMatch(/Max/);
      }
    });

    it('say where a position may still be read', async () => {
      const { wire, cluster } = bench();
      // More than METAD_SNAPSHOT_ENTRIES in one partition, so that its beginning leaves the log.
      const data = { ...resource, tenantId: 'compacted' };
      for (let round = 0; round < 8; round += 1) {
        const sent = Array.from({ length: 50 }, (_, at) =>
          wire.done('AssignResource', { ...data, resourceId: `r${at}`, node: `n${round}` }),
        );
        await Promise.all(sent);
      }
      const { partition } = await eventually(
        async () => (await cluster.partitions('n1')).find(isCompacted),
        'a compacted partition',
      );
      const { error } = await wire.ask('admin.n1.log.read', { partition, from: 1, limit: 1 });
      expect(error).toMatchObject({
        code: 'POSITION_COMPACTED',
        details: { available: expect.stringMatching(`^m1\\.\\w+\\.${partition}\\.[1-9]`) },
      });
    });
  });

  describe('a node that is kept short', () => {
    it('refuses what is too much at once, surely without effect', async () => {
      const { wire } = bench().narrow;
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, at) =>
          wire.command('AssignResource', {
            data: { ...resource, resourceId: `r${at}`, node: 'n' },
          }),
        ),
      );
      const refused = answers.flatMap(({ error }) => (error === null ? [] : [error]));
      expect(refused.length).toBeGreaterThan(0);
      for (const error of refused) {
        expect(error).toMatchObject({ code: 'OVERLOADED', details: { retryAfterMs: 100 } });
        expect(error.message).toMatch(/inFlightPerPartitionMax/);
      }
      expect(answers.length - refused.length).toBeGreaterThan(0);
    });

    it('has the limit of a request that it was given', async () => {
      const { wire } = bench().narrow;
      const { error } = await wire.query('GetTenant', { params: { tenantId: 'x'.repeat(3_000) } });
      expect(error).toMatchObject({ code: 'TOO_LARGE', details: { max: 2_048 } });
    });

    it('answers look-ups without a database, and lists with RESTORING', async () => {
      const { wire } = bench().narrow;
      const { error } = await wire.query('ListTenants', { params: {} });
      expect(error).toMatchObject({ code: 'RESTORING' });
      const params = { tenantId: 'nobody' };
      expect((await wire.query('GetTenant', { params })).error?.code).toBe('NOT_FOUND');
    });

    it('lets in over HTTP whom it knows, and him only where he may', async () => {
      const { wire, node, token } = bench().narrow;
      const body = { commandId: randomUUID(), data: { tenantId: 'x', cell: 'y' } };
      const path = 'commands/prod/PlaceTenant';
      const known = { authorization: `Bearer ${token}` };
      const ask = (headers: Record<string, string>) =>
        overHttp(wire, node.http, path, body, headers);
      expect((await ask({})).error?.code).toBe('UNAUTHENTICATED');
      expect((await ask(known)).error?.code).toBe('FORBIDDEN');
      const looked = { params: { tenantId: 'nobody' } };
      const found = await overHttp(wire, node.http, 'queries/prod/GetTenant', looked, known);
      expect(found.error?.code).toBe('NOT_FOUND');
      const codes = new Set<string>();
      for (let attempt = 0; attempt < 25; attempt += 1) {
        codes.add((await ask({ authorization: `Bearer guess-${attempt}` })).error?.code ?? '');
      }
      expect([...codes]).toEqual(['UNAUTHENTICATED', 'RATE_LIMITED']);
    });
  });
}

const isCompacted = (one: DescribedPartition): boolean =>
  one.partition > 0 && (one as unknown as { firstIndex: number }).firstIndex > 1;

/** The last chapter: it takes the quorum away, and gives it back. */
export function lostQuorumChapter(bench: () => Bench): void {
  describe('without a quorum', () => {
    it('a command is unknown or refused, by what may have become of it', async () => {
      const { wire, cluster, http } = bench();
      const described = await cluster.partitions('n1');
      const { leader, partition } = described.find((one) => one.partition === 1) as Led;
      const others = cluster.nodes.filter((node) => node !== leader);
      const [other = ''] = others;
      const asked = { partition, to: leader === 'n1' ? 'n2' : 'n1', forwarded: true };
      const stranger = await wire.ask(`admin.${other}.partition.transfer`, asked);
      expect(stranger.error).toMatchObject({ code: 'NOT_LEADER', details: { leader } });
      const pids = await Promise.all(
        others.map(
          async (node) => (await cluster.admin<{ pid: number }>(node, 'node.describe')).pid,
        ),
      );
      for (const pid of pids) process.kill(pid, 'SIGSTOP');
      try {
        const command = await ofPartition(partition);
        const unknown = await wire.ask(`p.${partition}.cmd`, command);
        expect(unknown.error).toMatchObject({ code: 'OUTCOME_UNKNOWN', definite: false });
        // The leader has stepped down: now nobody listens on its subject, which NATS says at once.
        await expect(wire.ask(`p.${partition}.cmd`, command)).rejects.toThrow(/no responders/i);
        const address = http[cluster.nodes.findIndex((node) => node === leader)] ?? '';
        const { commandId, data } = command;
        const later = await overHttp(wire, address, 'commands/prod/PlaceTenant', {
          ...{ commandId, data },
        });
        expect(later.error).toMatchObject({ code: 'NO_LEADER', details: { leader: null } });
      } finally {
        for (const pid of pids) process.kill(pid, 'SIGCONT');
      }
    });
  });
}

interface Led {
  readonly partition: number;
  readonly leader: string;
}

/** A command whose key lies in this partition, by the contract's rule. */
async function ofPartition(partition: number): Promise<Fields> {
  await loadHasher();
  const isHere = (tenantId: string): boolean => {
    const point = getPrefixPartitionKey(`tenants/${tenantId}/resources`);
    return 1 + Math.floor((point / 2 ** 31) * partitions) === partition;
  };
  const tenantId = Array.from({ length: 99 }, (_, at) => `lost-${at}`).find(isHere);
  const data = { tenantId, cell: 'x' };
  return { namespace: 'prod', command: 'PlaceTenant', commandId: randomUUID(), data };
}
