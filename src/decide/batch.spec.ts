import { describe, expect, it } from '@jest/globals';
import { KINDS } from '../kinds/index.js';
import { MachineLog } from './testing/machine-log.js';
import { errorOf, replyOf } from './testing/reply-of.js';

const db = (resourceId: string) => ({ tenantId: 'acme', resourceId });
const assign = (resourceId: string, node = 'n1') => {
  return { command: 'AssignResource', data: { ...db(resourceId), node } };
};

describe('a batch', () => {
  it('does all, in order, under one position', () => {
    const log = new MachineLog(KINDS);
    const reply = replyOf(
      log.send('Batch', {
        commands: [
          { command: 'PlaceTenant', data: { tenantId: 'acme', cell: 'eu' } },
          assign('r1'),
          { command: 'ClaimOwnership', data: { ...db('r1'), owner: 'a' } },
          { ...assign('r1', 'n2'), expect: { owner: 'a', version: 2 } },
        ],
      }),
    );
    expect(reply).toMatchObject({ outcome: 'applied', version: 3, position: 'm1.c7f3.1.1' });
    expect(reply.events.map(({ type }) => type)).toEqual([
      'TenantPlaced',
      'ResourceAssigned',
      'OwnershipClaimed',
      'ResourceAssigned',
    ]);
    expect(log.applied).toHaveLength(1);
    expect(log.applied[0]?.changes.map(({ after }) => after?.version)).toEqual([1, 1, 2, 3]);
  });

  it('does nothing when one command is refused, and names it', () => {
    const log = new MachineLog(KINDS);
    log.send('AssignResource', { ...db('r0'), node: 'n1' });
    log.send('ClaimOwnership', { ...db('r0'), owner: 'a', ttlMs: 1_000 });
    const before = log.machine.digest();
    const error = errorOf(
      log.send('Batch', {
        commands: [
          { command: 'ClaimOwnership', data: { ...db('r0'), owner: 'a', ttlMs: 1_000 } },
          assign('r1'),
          assign('r0', 'n2'),
          { command: 'ReleaseOwnership', data: { ...db('r0'), owner: 'a' } },
          { ...assign('r2'), expect: { exists: true } },
        ],
      }),
    );
    expect(error).toMatchObject({
      code: 'PRECONDITION_FAILED',
      details: { at: 4, command: 'AssignResource', rule: 'expect-exists' },
    });
    expect(log.machine.digest()).toBe(before);
    expect(log.machine.records.size).toBe(1);
    const record = log.machine.lookup('resource', 'prod', 'acme/r0');
    expect(record).toMatchObject({
      version: 2,
      value: { owner: 'a' },
      expiresAt: 1_001_001,
    });
    expect(log.applied.at(-1)).toMatchObject({ changes: [], rejected: 'PRECONDITION_FAILED' });
  });

  it('sees its own changes: a tenant is evicted after its last resource is released', () => {
    const log = new MachineLog(KINDS);
    log.send('PlaceTenant', { tenantId: 'acme', cell: 'eu' });
    log.send('AssignResource', { ...db('r1'), node: 'n1' });
    const evict = { command: 'EvictTenant', data: { tenantId: 'acme' } };
    const release = { command: 'ReleaseResource', data: db('r1') };
    expect(errorOf(log.send('Batch', { commands: [evict, release] })).details).toMatchObject({
      rule: 'tenant-without-resources',
      resources: 1,
    });
    expect(replyOf(log.send('Batch', { commands: [release, evict] })).record).toBeNull();
    expect(log.machine.records.size).toBe(0);
  });

  it('is a noop when it changes nothing, and a duplicate when repeated', () => {
    const log = new MachineLog(KINDS);
    const commandId = log.freshId();
    const commands = [assign('r1'), assign('r2')];
    const first = replyOf(log.send('Batch', { commands }, { commandId }));
    expect(replyOf(log.send('Batch', { commands })).outcome).toBe('noop');
    expect(replyOf(log.send('Batch', { commands }, { commandId }))).toEqual({
      ...first,
      outcome: 'duplicate',
    });
  });
});
