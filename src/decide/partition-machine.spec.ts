import { describe, expect, it } from '@jest/globals';
import { logIndex } from '@metad/foundation';
import type { Value } from '@metad/eventsourcing';
import { KINDS } from '../kinds/index.js';
import { MachineLog } from './testing/machine-log.js';
import { errorOf, replyOf, textOf } from './testing/reply-of.js';

const newLog = () => new MachineLog(KINDS);
const db1 = { tenantId: 'acme', resourceId: 'db-1' };

describe('a command that is accepted', () => {
  it('answers with version, position, events and record', () => {
    const log = newLog();
    expect(replyOf(log.send('PlaceTenant', { tenantId: 'acme', cell: 'eu-1' }))).toEqual({
      outcome: 'applied',
      version: 1,
      position: 'm1.c7f3.1.1',
      events: [{ type: 'TenantPlaced', data: { tenantId: 'acme', cell: 'eu-1', labels: {} } }],
      record: {
        kind: 'tenant',
        namespace: 'prod',
        id: 'acme',
        tenantId: 'acme',
        cell: 'eu-1',
        labels: {},
        version: 1,
        createdAt: '1970-01-01T00:16:40.000Z',
        updatedAt: '1970-01-01T00:16:40.000Z',
      },
    });
  });

  it('is a noop when it changes nothing', () => {
    const log = newLog();
    log.send('AssignResource', { ...db1, node: 'n1', labels: { a: '1', b: '2' } });
    const again = log.send('AssignResource', { ...db1, labels: { b: '2', a: '1' }, node: 'n1' });
    expect(replyOf(again)).toMatchObject({ outcome: 'noop', version: 1, events: [] });
    expect(log.applied[1]?.changes).toEqual([]);
  });
});

describe('a repeated command', () => {
  it('gets the first outcome, whatever happened since', () => {
    const log = newLog();
    const commandId = log.freshId();
    const first = replyOf(log.send('AssignResource', { ...db1, node: 'n1' }, { commandId }));
    log.send('AssignResource', { ...db1, node: 'n2' });
    const again = replyOf(log.send('AssignResource', { node: 'n1', ...db1 }, { commandId }));
    expect(again).toEqual({ ...first, outcome: 'duplicate' });
    expect(log.machine.lookup('resource', 'prod', 'acme/db-1')?.version).toBe(2);
  });

  it('gets the first refusal, also when it would be accepted now', () => {
    const log = newLog();
    const commandId = log.freshId();
    expect(errorOf(log.send('EvictTenant', { tenantId: 'acme' }, { commandId })).code).toBe(
      'NOT_FOUND',
    );
    log.send('PlaceTenant', { tenantId: 'acme', cell: 'eu-1' });
    expect(errorOf(log.send('EvictTenant', { tenantId: 'acme' }, { commandId })).code).toBe(
      'NOT_FOUND',
    );
  });

  it('is refused when it says something else', () => {
    const log = newLog();
    const commandId = log.freshId();
    log.send('AssignResource', { ...db1, node: 'n1' }, { commandId });
    const other = log.send('AssignResource', { ...db1, node: 'n2' }, { commandId });
    expect(errorOf(other).code).toBe('COMMAND_ID_REUSED');
    expect(log.machine.lookup('resource', 'prod', 'acme/db-1')?.value['node']).toBe('n1');
  });

  it('is shown the record that it is about, as it stands now', () => {
    const log = newLog();
    const commandId = log.freshId();
    log.send('AssignResource', { ...db1, node: 'n1' }, { commandId });
    log.send('AssignResource', { ...db1, node: 'n2' });
    const reused = (command: string, data: Record<string, unknown>) =>
      errorOf(log.send(command, data, { commandId })).details;
    expect(reused('AssignResource', { ...db1, node: 'n9' })).toMatchObject({
      rule: 'command-id-once',
      version: 2,
      record: { id: 'db-1', node: 'n2', version: 2 },
    });
    const absent = { tenantId: 'acme', resourceId: 'db-2' };
    expect(reused('ReleaseResource', absent)).toMatchObject({ version: 0, record: null });
    const batch = { commands: [{ command: 'AssignResource', data: { ...db1, node: 'n9' } }] };
    const renewal = { service: 'api', instanceIds: ['i'] };
    for (const details of [reused('Batch', batch), reused('RenewInstances', renewal)]) {
      expect(details).toMatchObject({ rule: 'command-id-once' });
      expect(Object.keys(details).sort()).toEqual(['position', 'rule']);
    }
    const request = { commandId, data: { ...db1, node: 'n9' } };
    const dry = log.machine.dryRun('prod', 'AssignResource', request, 2_000_000);
    expect(errorOf(dry).details).toMatchObject({ version: 2, record: { node: 'n2' } });
  });
});

describe('expect', () => {
  const assign = (log: MachineLog, node: string, expect?: Record<string, unknown>) =>
    log.send('AssignResource', { ...db1, node }, expect === undefined ? {} : { expect });

  it('holds for version, absence, existence and named fields', () => {
    const log = newLog();
    expect(replyOf(assign(log, 'n1', { absent: true })).version).toBe(1);
    expect(replyOf(assign(log, 'n2', { version: 1 })).version).toBe(2);
    expect(replyOf(assign(log, 'n3', { exists: true })).version).toBe(3);
    expect(replyOf(assign(log, 'n4', { node: 'n3', owner: null })).version).toBe(4);
    expect(replyOf(assign(log, 'n5', { version: 4, node: 'n4', labels: {} })).version).toBe(5);
  });

  it('is refused as a version conflict with the record that stands', () => {
    const log = newLog();
    assign(log, 'n1');
    const error = errorOf(assign(log, 'n2', { version: 7 }));
    expect(error).toMatchObject({ code: 'VERSION_CONFLICT', status: 409, definite: true });
    expect(error.details).toMatchObject({
      rule: 'expect-version',
      expected: 7,
      version: 1,
      record: { id: 'db-1', node: 'n1', version: 1 },
    });
  });

  it.each([
    [{ version: 1 }, 'VERSION_CONFLICT', 'expect-version'],
    [{ exists: true }, 'PRECONDITION_FAILED', 'expect-exists'],
    [{ node: 'n1' }, 'PRECONDITION_FAILED', 'expect-field'],
  ])('is refused where there is no record: %j', (expected, code, rule) => {
    const error = errorOf(assign(newLog(), 'n1', expected));
    expect(error.code).toBe(code);
    expect(error.details).toMatchObject({ rule, version: 0, record: null });
  });

  it.each([
    [{ absent: true }, 'expect-absent'],
    [{ node: 'n9' }, 'expect-field'],
    [{ constructor: 'x' }, 'expect-field'],
  ])('is refused where the record is otherwise: %j', (expected, rule) => {
    const log = newLog();
    assign(log, 'n1');
    expect(errorOf(assign(log, 'n2', expected)).details).toMatchObject({ rule });
    expect(log.machine.lookup('resource', 'prod', 'acme/db-1')?.version).toBe(1);
  });
});

describe('a deadline', () => {
  it('refuses a command that is applied after it, in log time, and stays refused', () => {
    const log = newLog();
    const commandId = log.freshId();
    const late = { commandId, deadline: '1970-01-01T00:16:40Z' };
    log.now = 1_000_001;
    const error = errorOf(log.send('AssignResource', { ...db1, node: 'n1' }, late));
    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', definite: true });
    const later = { commandId, deadline: '1970-01-01T01:00:00Z' };
    expect(errorOf(log.send('AssignResource', { ...db1, node: 'n1' }, later)).code).toBe(
      'DEADLINE_EXCEEDED',
    );
  });

  it('lets a command pass that is applied in time', () => {
    const log = newLog();
    const deadline = '1970-01-01T01:16:40.000+01:00';
    expect(replyOf(log.send('AssignResource', { ...db1, node: 'n1' }, { deadline })).version).toBe(
      1,
    );
  });

  it('is refused beyond the deduplication window', () => {
    const far = { deadline: '1970-01-02T00:16:41Z' };
    const error = errorOf(newLog().send('AssignResource', { ...db1, node: 'n1' }, far));
    expect(error.details).toMatchObject({ rule: 'deadline-within-window' });
  });
});

describe('log time', () => {
  it('never stands still and never goes back, whatever leaders stamp', () => {
    const log = newLog();
    for (const now of [1_000_000, 1_000_000, 5, 1_000_500]) {
      log.now = now;
      log.send('PlaceTenant', { tenantId: 'acme', cell: `c${now}` });
    }
    expect(log.applied.map(({ time }) => time)).toEqual([
      1_000_000, 1_000_001, 1_000_002, 1_000_500,
    ]);
  });
});

describe('the deduplication window', () => {
  it('forgets a command when it is older than the window in log time', () => {
    const log = newLog();
    const commandId = log.freshId();
    const place = () => log.send('PlaceTenant', { tenantId: 'acme', cell: 'eu' }, { commandId });
    place();
    log.now += 24 * 3_600_000 - 1;
    expect(replyOf(place()).outcome).toBe('duplicate');
    log.now += 1;
    expect(replyOf(place()).outcome).toBe('noop');
    expect(log.machine.horizon).toBe(1_000_000);
  });

  it('forgets the oldest early when the table is full, and says since when it is complete', () => {
    const log = newLog();
    log.settings({ commandsRememberedMax: 10 });
    const ids = Array.from({ length: 30 }, () => log.freshId());
    for (const commandId of ids) {
      log.send('PlaceTenant', { tenantId: 'acme', cell: commandId }, { commandId });
    }
    const remembered = ids.filter((commandId) => log.machine.outcomeOf(commandId) !== null);
    expect(remembered).toEqual(ids.slice(-11));
    expect(log.machine.horizon).toBe(log.applied.at(-12)?.time);
  });
});

describe('a command id from before what is remembered', () => {
  const made = (at: number, version = 7): string => {
    const head = at.toString(16).padStart(12, '0');
    return `${head.slice(0, 8)}-${head.slice(8)}-${version}000-8000-000000000001`;
  };

  function forgetful() {
    const log = newLog();
    log.settings({ commandsRememberedMax: 10 });
    for (let at = 0; at < 30; at += 1) {
      log.now += 10_000;
      log.send('PlaceTenant', { tenantId: 'acme', cell: `c${at}` });
    }
    return log;
  }

  it('is not run, as it may have been: its outcome is unknown', () => {
    const log = forgetful();
    const before = log.machine.digest();
    const old = { commandId: made(log.machine.horizon - 1), level: 2 };
    const error = errorOf(log.send('PlaceTenant', { tenantId: 'acme', cell: 'x' }, old));
    expect(error.code).toBe('OUTCOME_UNKNOWN');
    expect(error.details).toMatchObject({ rule: 'command-id-horizon' });
    expect(error.details).not.toHaveProperty('record');
    expect(log.machine.digest()).toBe(before);
  });

  it('is run when it was made since, or does not tell when it was made', () => {
    const log = forgetful();
    const place = (commandId: string, cell: string) =>
      replyOf(log.send('PlaceTenant', { tenantId: 'acme', cell }, { commandId, level: 2 }));
    expect(place(made(log.machine.horizon + 30_000), 'x').outcome).toBe('applied');
    expect(place(made(0, 4), 'y').outcome).toBe('applied');
  });

  it('was run again under the rules of level 1, and still is where they were in force', () => {
    const log = forgetful();
    const old = { commandId: made(log.machine.horizon - 1), level: 1 };
    expect(replyOf(log.send('PlaceTenant', { tenantId: 'a', cell: 'x' }, old)).outcome).toBe(
      'applied',
    );
  });
});

describe('an outcome beyond those kept in full', () => {
  it('still keeps the command from being executed twice, and says where it landed', async () => {
    const log = newLog();
    log.settings({ outcomesInFullMax: 2 });
    const commandId = log.freshId();
    const claim = () => log.send('AssignResource', { ...db1, node: 'n1' }, { commandId });
    const first = replyOf(claim());
    for (const node of ['n2', 'n3', 'n4']) log.send('AssignResource', { ...db1, node });
    const brief = { ...first, outcome: 'duplicate', brief: true, events: [], record: null };
    const again = claim();
    expect(replyOf(again)).toEqual(brief);
    expect(JSON.parse(textOf(again))).toEqual(brief);
    const copy = await log.restored();
    expect(copy.outcomeOf(commandId)).toEqual(log.machine.outcomeOf(commandId));
    const other = log.send('AssignResource', { ...db1, node: 'n9' }, { commandId });
    expect(errorOf(other).details).toMatchObject({ version: 4, record: { node: 'n4' } });
  });

  it('does not say of a refusal what is no longer known', () => {
    const log = newLog();
    log.settings({ outcomesInFullMax: 1 });
    const commandId = log.freshId();
    const evict = () => errorOf(log.send('EvictTenant', { tenantId: 'acme' }, { commandId }));
    const { details: first } = evict();
    expect(first).toMatchObject({ version: 0, record: null });
    for (const cell of ['a', 'b', 'c']) log.send('PlaceTenant', { tenantId: 'acme', cell });
    const { code, details } = evict();
    expect(code).toBe('NOT_FOUND');
    expect(details).toEqual({ rule: first['rule'], position: first['position'], brief: true });
  });

  it('is not called brief while it is kept in full', () => {
    const log = newLog();
    const commandId = log.freshId();
    log.send('AssignResource', { ...db1, node: 'n1' });
    const release = () => log.send('ReleaseResource', db1, { commandId });
    release();
    expect(replyOf(release())).not.toHaveProperty('brief');
    expect(log.machine.outcomeOf(commandId)).not.toHaveProperty('brief');
  });
});

describe('a dry run', () => {
  it('tells what would happen, with the changes, and changes nothing', () => {
    const log = newLog();
    log.send('AssignResource', { ...db1, node: 'n1' });
    const before = log.machine.digest();
    const request = { commandId: log.freshId(), data: { ...db1, node: 'n2' } };
    const { outcome, changes } = log.machine.dryRun('prod', 'AssignResource', request, 2_000_000);
    expect(outcome).toMatchObject({ accepted: true, version: 2 });
    expect(changes).toMatchObject([{ before: { version: 1 }, after: { version: 2 } }]);
    expect(log.machine.digest()).toBe(before);
    expect(log.machine.lookup('resource', 'prod', 'acme/db-1')?.version).toBe(1);
    expect(log.machine.outcomeOf(request.commandId)).toBeNull();
  });

  it('stands where the state was read: nobody writes the entry that it was decided as', () => {
    const log = newLog();
    log.send('AssignResource', { ...db1, node: 'n1' });
    const index = log.machine.appliedIndex();
    const tried = (command: string, data: Value, commandId = log.freshId()) =>
      log.machine.dryRun('prod', command, { commandId, data }, 2_000_000).outcome;
    expect(tried('AssignResource', { ...db1, node: 'n2' })).toMatchObject({
      accepted: true,
      index,
    });
    expect(tried('EvictTenant', { tenantId: 'nobody' })).toMatchObject({ accepted: false, index });
  });

  it('is refused as the command would be', () => {
    const log = newLog();
    const request = { commandId: log.freshId(), data: { tenantId: 'acme' } };
    const { outcome } = log.machine.dryRun('prod', 'EvictTenant', request, 0);
    expect(outcome).toMatchObject({ accepted: false, rejection: { code: 'NOT_FOUND' } });
  });
});

describe('limits at apply', () => {
  it('refuses a change that makes a record too large', () => {
    const log = newLog();
    const targets = Array.from({ length: 60 }, (_, at) => {
      return { backend: `${at}-${'x'.repeat(900)}`, weight: 1 };
    });
    const put = (routeId: string, pathPrefix: string) =>
      log.send('PutRoute', { table: 'web', routeId, match: { pathPrefix }, targets });
    expect(replyOf(put('r1', '/a')).version).toBe(1);
    expect(errorOf(put('r2', '/b'))).toMatchObject({
      code: 'TOO_LARGE',
      details: { limit: 'recordBytesMax', max: 65_536 },
    });
    expect(log.machine.lookup('routing-table', 'prod', 'web')?.version).toBe(1);
  });

  it('stops at an entry that a newer program wrote', () => {
    const log = newLog();
    expect(() => log.send('PlaceTenant', { tenantId: 'a', cell: 'b' }, { level: 99 })).toThrow(
      /feature level 99.*upgrade this node/,
    );
    const bytes = Buffer.from(log.entries[0]?.data ?? []);
    bytes[0] = 9;
    expect(() => newLog().commit(bytes)).toThrow(/entry format 9/);
  });
});

describe('replicas', () => {
  it('agree after replay and after an image taken in the middle of the log', async () => {
    const log = newLog();
    for (let at = 0; at < 200; at += 1) {
      log.send('AssignResource', {
        tenantId: `t${at % 5}`,
        resourceId: `r${at % 17}`,
        node: `n${at}`,
      });
      if (at % 7 === 0) {
        log.send('ReleaseResource', { tenantId: `t${at % 5}`, resourceId: `r${at % 17}` });
      }
    }
    const { machine } = log;
    expect(log.replay().digest()).toBe(machine.digest());
    const restored = await log.restored(log.replay(logIndex(100)));
    for (const entry of log.entries.slice(100)) restored.apply(entry, undefined);
    expect(restored.digest()).toBe(machine.digest());
    expect([...restored.records.records('resource')].length).toBe(
      [...machine.records.records('resource')].length,
    );
  });
});
