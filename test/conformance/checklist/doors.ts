import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { Bench } from './bench.js';
import { HTTP_PATHS, SQL_NAMES } from './contract-names.js';
import type { Fields } from './wire.js';

const body = (value: Fields): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});

/** How each path is asked, and what its answer must hold. */
const ASKED: Readonly<Record<(typeof HTTP_PATHS)[number], [string, RequestInit, RegExp]>> = {
  '/livez': ['/livez', {}, /ok/],
  '/readyz': ['/readyz', {}, /ok/],
  '/startupz': ['/startupz', {}, /ok/],
  '/readyz?verbose': ['/readyz?verbose', {}, /\[\+\] projection: all live/],
  '/metrics': ['/metrics', {}, /^# HELP metad_/m],
  '/openapi.json': ['/openapi.json', {}, /"openapi":"3\./],
  '/docs': ['/docs', {}, /<html/],
  '/api/v1/commands': [
    '/api/v1/commands/http/PlaceTenant',
    body({ commandId: randomUUID(), data: { tenantId: 'h', cell: 'x' } }),
    /"outcome":"applied"/,
  ],
  '/api/v1/queries': [
    '/api/v1/queries/http/GetTenant',
    body({ params: { tenantId: 'h' }, consistency: 'linearizable' }),
    /"cell":"x"/,
  ],
  '/api/v1/watch': ['/api/v1/watch/http?from=snapshot&kind=tenant', {}, /event: snapshot-end/],
  '/api/v1/admin': ['/api/v1/admin/_any/partition/describe', body({}), /"partition":4/],
  '/': ['/', { headers: { accept: 'text/html' } }, /<html/],
};

/** The text of a response; of one without an end, until `wanted` is in it. */
async function textOf(response: Response, wanted: RegExp): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    if (wanted.test(text)) return text;
  }
  return text;
}

export function doorsChapter(bench: () => Bench): void {
  describe('every node', () => {
    it.each(HTTP_PATHS)('answers %s', async (path) => {
      const { http, ledger } = bench();
      const [asked, request, wanted] = ASKED[path];
      const leaving = new AbortController();
      const response = await fetch(`${http[1]}${asked}`, { ...request, signal: leaving.signal });
      expect([response.status, await textOf(response, wanted)]).toEqual([
        ...[200, expect.stringMatching(wanted)],
      ]);
      leaving.abort();
      ledger.note('http', path);
    });

    it.each(['PING', 'INFO', 'STATS'] as const)('is found as service metad by %s', async (verb) => {
      const { wire, ledger } = bench();
      const found: Fields[] = [];
      const messages = await wire.nats.requestMany(`$SRV.${verb}.metad`, '', { maxWait: 30_000 });
      for await (const message of messages) {
        const answer: Fields = message.json();
        // The broker may be shared with other clusters, who answer as well.
        const { cluster } = (answer['metadata'] ?? {}) as Fields;
        if (cluster === bench().cluster.broker.cluster) found.push(answer);
        if (found.length === 3) break;
      }
      expect(found).toHaveLength(3);
      for (const each of found) expect(each).toMatchObject({ name: 'metad' });
      ledger.note('discovery', verb);
    });
  });

  describe('the projection database', () => {
    const views = SQL_NAMES.filter((name) => name !== 'wait_for');

    it.each(views)('has the view %s', async (name) => {
      const { cluster, ledger } = bench();
      await cluster.settled();
      const rows = await cluster.rows('n1', `SELECT * FROM ${name} LIMIT 1`);
      expect(rows).toHaveLength(1);
      ledger.note('sql', name);
    });

    it('lets a reader wait for a write of its own', async () => {
      const { cluster, wire, ledger } = bench();
      const data = { tenantId: 'sql', cell: 'eu-9' };
      const { position } = await wire.done('PlaceTenant', data, {}, 'sql');
      const waited = await cluster.rows('n3', `SELECT wait_for('${String(position)}', '10 s')`);
      expect(waited).toHaveLength(1);
      const rows = await cluster.rows('n3', "SELECT cell FROM tenant WHERE tenant_id = 'sql'");
      expect(rows).toEqual([{ cell: 'eu-9' }]);
      ledger.note('sql', 'wait_for');
    });
  });
}
