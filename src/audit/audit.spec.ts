import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PgDatabase } from '@metad/projection';
import { AdminRouter } from '../admin/admin-router.js';
import { systemClock } from '../app/system-clock.js';
import { openReadModel } from '../projection/read-model-schema.js';
import { openTestDatabase, type TestDatabase } from '../../test/fixtures/test-database.js';
import { bounded, type AuditEvent, type StoredAuditEvent } from './audit-event.js';
import { AuditLog } from './audit-log.js';
import { AuditQueue } from './audit-queue.js';
import { Unstorable, type AuditQuery, type AuditStore } from './audit-store.js';
import { registerAuditVerbs } from './audit-verbs.js';
import { FileAuditStore } from './file-audit-store.js';
import { SqlAuditStore } from './sql-audit-store.js';

const ALL: AuditQuery = { before: null, limit: 1_000, kind: null, actor: null };
const event = (action: string, more: Partial<AuditEvent> = {}): AuditEvent => ({
  at: 1_764_000_000_000,
  kind: 'command',
  via: 'nats',
  actor: null,
  action,
  namespace: 'prod',
  commandId: null,
  outcome: 'VERSION_CONFLICT',
  details: {},
  ...more,
});
const act = (action: string): AuditEvent => event(action, { kind: 'administration' });
const actionsOf = (events: readonly AuditEvent[]): string[] => events.map(({ action }) => action);

const folder = mkdtempSync(join(tmpdir(), 'metad-audit-'));
let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

let stores = 0;
async function sqlStore(rowsMax = 100): Promise<SqlAuditStore> {
  const schema = `metad_audit_${(stores += 1)}`;
  const options = { url: database.url, schema, connectionsMax: 1, statementTimeoutMs: 5_000 };
  await (await openReadModel({ ...options, entities: [] })).destroy();
  return new SqlAuditStore(new PgDatabase({ ...options, applicationName: 'test' }), rowsMax);
}
const fileStore = async (): Promise<FileAuditStore> =>
  new FileAuditStore(join(folder, `s${(stores += 1)}`, 'audit.jsonl'), 2_000, 3);

describe.each([
  ['table', sqlStore as () => Promise<AuditStore>],
  ['file', fileStore as () => Promise<AuditStore>],
])('an audit %s', (_name, open) => {
  it('gives back what it was given, newest first, page by page', async () => {
    const store = await open();
    const first = event('a', { actor: 'x', commandId: 'c1', details: { message: 'it is 8' } });
    await store.append([first, event('b')]);
    await store.append([act('c')]);
    const all = await store.list(ALL);
    expect(actionsOf(all)).toEqual(['c', 'b', 'a']);
    expect(all[2]).toEqual({ id: expect.any(Number), ...first });
    const page = await store.list({ ...ALL, limit: 2 });
    const next = await store.list({ ...ALL, before: page[1]?.id ?? 0 });
    expect(actionsOf(next)).toEqual(['a']);
    expect(actionsOf(await store.list({ ...ALL, kind: 'administration' }))).toEqual(['c']);
    expect(actionsOf(await store.list({ ...ALL, actor: 'x' }))).toEqual(['a']);
    await store.close();
  });

  it('holds whatever text came from outside', async () => {
    const store = await open();
    const strange = '\u0000\ud800"\\\n\u{1f600}';
    await store.append([
      bounded(event(strange, { actor: strange, details: { [strange]: strange } })),
    ]);
    const [stored] = await store.list(ALL);
    expect(stored?.action).toBe('\u{fffd}\u{fffd}"\\\u{fffd}\u{1f600}');
    await store.close();
  });
});

it('an audit table keeps so many rows of each kind, and a tenth', async () => {
  const store = await sqlStore(100);
  await store.append(Array.from({ length: 50 }, (_, at) => act(`act ${at}`)));
  for (let round = 0; round < 20; round += 1) {
    await store.append(Array.from({ length: 50 }, (_, at) => event(`${round}-${at}`)));
  }
  expect(await store.list({ ...ALL, kind: 'administration' })).toHaveLength(50);
  const commands = await store.list({ ...ALL, kind: 'command' });
  expect(commands.length).toBeLessThanOrEqual(110);
  expect(commands[0]?.action).toBe('19-49');
  await store.close();
});

it('audit files rotate, and the oldest goes; ids rise over a restart and a torn line', async () => {
  const path = join(folder, 'rotating', 'audit.jsonl');
  for (let round = 0; round < 60; round += 1) {
    await new FileAuditStore(path, 2_000, 3).append([event(`${round}`)]);
    if (round === 30) appendFileSync(path, '{"id":99999,"torn');
    if (round === 30) appendFileSync(path, '\n');
  }
  const files = readdirSync(join(folder, 'rotating'));
  expect(files.sort()).toEqual(['audit.jsonl', 'audit.jsonl.1', 'audit.jsonl.2']);
  for (const name of files) {
    expect(statSync(join(folder, 'rotating', name)).size).toBeLessThan(2_500);
  }
  const all = await new FileAuditStore(path, 2_000, 3).list(ALL);
  expect(all[0]).toMatchObject({ id: 60, action: '59' });
  const ids = all.map(({ id }) => id);
  expect(ids).toEqual([...ids].sort((a, b) => b - a));
});

describe('what waits to be stored', () => {
  it('gives way oldest first, refusals before acts, and is counted', () => {
    const queue = new AuditQueue(4);
    for (const name of ['a1', 'a2']) queue.push(act(name));
    for (const name of ['c1', 'c2', 'c3']) queue.push(event(name));
    expect(queue.drops).toEqual({ administration: 0, command: 1, access: 0 });
    for (const name of ['a3', 'a4', 'a5']) queue.push(act(name));
    expect(actionsOf(queue.take(10))).toEqual(['a2', 'a3', 'a4', 'a5']);
    expect(queue.drops).toEqual({ administration: 1, command: 3, access: 0 });
  });
});

describe('the audit log', () => {
  /** Away until told otherwise; `poisoned` events can never be stored. */
  class FragileStore implements AuditStore {
    isAway = true;
    readonly stored: AuditEvent[] = [];
    async append(events: readonly AuditEvent[]): Promise<void> {
      if (this.isAway) throw new Error('away');
      if (events.some(({ action }) => action === 'poisoned')) throw new Unstorable('bad');
      this.stored.push(...events);
    }
    async list(): Promise<readonly StoredAuditEvent[]> {
      if (this.isAway) throw new Error('away');
      return this.stored.map((each, at) => ({ id: at + 1, ...each })).reverse();
    }
    async close(): Promise<void> {}
  }
  const logOn = (store: AuditStore, queueMax = 10) => {
    const troubles: string[] = [];
    const onTrouble = (reason: string): number => troubles.push(reason);
    const clock = { ...systemClock, after: () => () => undefined };
    return { log: new AuditLog(store, { clock, onTrouble, queueMax }), troubles };
  };

  it('never waits for its store: it drops what is oldest and counts it', async () => {
    const store = new FragileStore();
    const { log, troubles } = logOn(store);
    for (let at = 0; at < 25; at += 1) log.record(event(`${at}`));
    for (let attempt = 0; attempt < 4; attempt += 1) {
      // At a first start the tables are not there at once: that is nobody's trouble.
      if (attempt < 3) expect(troubles).toEqual([]);
      await expect(log.list(ALL)).rejects.toThrow('away');
    }
    expect(troubles).toEqual(['audited events cannot be stored']);
    expect([log.waiting, log.drops.command, log.counts.command]).toEqual([10, 15, 25]);
    store.isAway = false;
    expect(await log.list(ALL)).toHaveLength(10);
    expect(log.waiting).toBe(0);
  });

  it('gives up on what can never be stored instead of standing still', async () => {
    const store = new FragileStore();
    store.isAway = false;
    const { log } = logOn(store);
    log.record(event('poisoned'));
    await log.list(ALL);
    log.record(event('good'));
    expect(actionsOf(await log.list(ALL))).toEqual(['good']);
    expect(log.drops.command).toBe(1);
  });

  it('stores what waits before it stops, and does not hang when it cannot', async () => {
    const store = new FragileStore();
    const { log } = logOn(store);
    log.record(event('a'));
    await log.stop();
    expect(log.waiting).toBe(1);
    store.isAway = false;
    const another = logOn(store).log;
    another.record(event('b'));
    await another.stop();
    expect(actionsOf(store.stored)).toEqual(['b']);
  });

  it('is read through audit.list, in pages that fit into a reply', async () => {
    const store = await fileStore();
    const router = new AdminRouter();
    const { log } = logOn(store, 1_000);
    registerAuditVerbs(router, log);
    const details = { text: 'x'.repeat(3_000) };
    for (let at = 0; at < 3; at += 1) log.record(event(`${at}`, { details }));
    type Page = { items: { action: string }[]; cursor?: string };
    const list = (body: object) => router.execute('audit', 'list', body) as Promise<Page>;
    const first = await list({ limit: 2 });
    expect(first.items.map(({ action }) => action)).toEqual(['2', '1']);
    const rest = await list({ limit: 2, cursor: first.cursor });
    expect([rest.items.map(({ action }) => action), rest.cursor]).toEqual([['0'], undefined]);
    await expect(list({ cursor: '1 OR 1=1' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(router.onlyReads('audit', 'list')).toBe(false);
  });
});

describe('acts of the administration', () => {
  it('are told with who asked and how they ended, reads are not', async () => {
    const { z } = await import('zod');
    const router = new AdminRouter();
    const acts: unknown[] = [];
    router.onAct((one) => acts.push(one));
    const schema = z.strictObject({ name: z.string() });
    const handle = async ({ name }: { name: string }) => {
      if (name === 'bad') throw new Error('a fault');
      return {};
    };
    router.register({ noun: 'projection', verb: 'rebuild', schema, changes: true, handle });
    router.register({ noun: 'projection', verb: 'show', schema, changes: false, handle });
    const caller = { via: 'http', actor: 'token:ops' } as const;
    await router.execute('projection', 'show', { name: 'a' }, caller);
    await router.execute('projection', 'rebuild', { name: 'a' }, caller);
    await expect(router.execute('projection', 'rebuild', {}, caller)).rejects.toThrow();
    await expect(router.execute('projection', 'rebuild', { name: 'bad' })).rejects.toThrow();
    expect(acts).toMatchObject([
      { ...caller, verb: 'rebuild', body: { name: 'a' }, outcome: 'done' },
      { ...caller, verb: 'rebuild', outcome: 'INVALID_ARGUMENT' },
      { via: 'nats', actor: null, outcome: 'OUTCOME_UNKNOWN' },
    ]);
  });
});
