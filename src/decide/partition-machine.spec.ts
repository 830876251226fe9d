import { describe, expect, it } from '@jest/globals';
import { KINDS } from '../kinds/index.js';
import type { ApplyResult } from './outcome.js';
import { toCommandReply } from './outcome.js';
import { MachineLog } from './testing/machine-log.js';
import type { MetadError } from '@metad/contract';
import { partitionId } from '@metad/foundation';

const scope = { incarnation: 'c7f3', partition: partitionId(1) };
const reply = (result: ApplyResult) => toCommandReply(result, scope, KINDS);
const refusal = (result: ApplyResult): MetadError => {
  try {
    reply(result);
  } catch (error) {
    return error as MetadError;
  }
  throw new Error('was not refused');
};
const newLog = () => new MachineLog(KINDS);
const db1 = { tenantId: 'acme', resourceId: 'db-1' };

describe('a command that is accepted', () => {
  it('answers with version, position, events and record', () => {
    const log = newLog();
    expect(reply(log.send('PlaceTenant', { tenantId: 'acme', cell: 'eu-1' }))).toEqual({
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
    expect(reply(again)).toMatchObject({ outcome: 'noop', version: 1, events: [] });
    expect(log.applied[1]?.changes).toEqual([]);
  });
});

describe('a repeated command', () => {
  it('gets the first outcome, whatever happened since', () => {
    const log = newLog();
    const commandId = log.freshId();
    const first = reply(log.send('AssignResource', { ...db1, node: 'n1' }, { commandId }));
    log.send('AssignResource', { ...db1, node: 'n2' });
    const again = reply(log.send('AssignResource', { node: 'n1', ...db1 }, { commandId }));
    expect(again).toEqual({ ...first, outcome: 'duplicate' });
    expect(log.machine.lookup('resource', 'prod', 'acme/db-1')?.version).toBe(2);
  });

  it('gets the first refusal, also when it would be accepted now', () => {
    const log = newLog();
    const commandId = log.freshId();
    expect(refusal(log.send('EvictTenant', { tenantId: 'acme' }, { commandId })).code).toBe(
      'NOT_FOUND',
    );
    log.send('PlaceTenant', { tenantId: 'acme', cell: 'eu-1' });
    expect(refusal(log.send('EvictTenant', { tenantId: 'acme' }, { commandId })).code).toBe(
      'NOT_FOUND',
    );
  });

  it('is refused when it says something else', () => {
    const log = newLog();
    const commandId = log.freshId();
    log.send('AssignResource', { ...db1, node: 'n1' }, { commandId });
    const other = log.send('AssignResource', { ...db1, node: 'n2' }, { commandId });
    expect(refusal(other).code).toBe('COMMAND_ID_REUSED');
    expect(log.machine.lookup('resource', 'prod', 'acme/db-1')?.value['node']).toBe('n1');
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
    const restored = await log.restored(log.replay(100 as never));
    for (const entry of log.entries.slice(100)) restored.apply(entry, undefined);
    expect(restored.digest()).toBe(machine.digest());
    expect([...restored.records.table('resource').records()].length).toBe(
      machine.records.table('resource').size,
    );
  });
});
