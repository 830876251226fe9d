import { describe, expect, it } from '@jest/globals';
import { partitionId } from '@metad/foundation';
import type { PartitionDirectory } from '../../consensus/partition-directory.js';
import type { PartitionMachines } from '../../consensus/partition-machines.js';
import { MachineLog } from '../../decide/testing/machine-log.js';
import { KINDS } from '../../kinds/index.js';
import { MachineLookup } from './machine-lookup.js';

const one = partitionId(1);
const db1 = { tenantId: 'acme', resourceId: 'db-1' };

/** A log of `prod`'s commands, and what a node over it tells of one of them. */
function nodeOver(log = new MachineLog(KINDS)) {
  let isKept = true;
  const lookup = new MachineLookup(
    { user: () => log.machine } as unknown as PartitionMachines,
    { cluster: () => ({ incarnation: 'c7f3' }) } as unknown as PartitionDirectory,
    KINDS,
    async (_partition, index) => (isKept ? (log.entries[index - 1] ?? null) : null),
  );
  return {
    log,
    compact: () => void (isKept = false),
    told: (namespace: string, commandId: string) => lookup.outcomeOf(one, namespace, commandId),
    sent(command: string, data: Record<string, unknown>): string {
      const commandId = log.freshId();
      log.send(command, data, { commandId });
      return commandId;
    },
  };
}

describe('what became of a command', () => {
  it('is told in the namespace that it was sent to, in whichever way it ended', async () => {
    const { sent, told } = nodeOver();
    const placed = sent('PlaceTenant', { tenantId: 'acme', cell: 'eu-1' });
    const assigned = sent('AssignResource', { ...db1, node: 'n1' });
    const early = sent('EvictTenant', { tenantId: 'acme' });
    const released = sent('ReleaseResource', db1);
    const again = sent('ReleaseResource', db1);
    expect(await told('prod', placed)).toMatchObject({ record: { cell: 'eu-1' } });
    expect(await told('prod', assigned)).toMatchObject({ record: { node: 'n1' } });
    expect(await told('prod', early)).toMatchObject({ error: { code: 'RULE_VIOLATED' } });
    expect(await told('prod', released)).toMatchObject({
      ...{ record: null, events: [{ type: 'ResourceReleased' }] },
    });
    expect(await told('prod', again)).toMatchObject({ error: { code: 'NOT_FOUND' } });
    for (const commandId of [placed, assigned, early, released, again]) {
      expect(await told('test', commandId)).toBeNull();
    }
  });

  it('is told of renewals that went into one entry, each in its own namespace', async () => {
    const { log, told } = nodeOver();
    const data = { service: 'api', instanceIds: ['i-1'] };
    const [first, second] = [log.freshId(), log.freshId()];
    log.renew(
      'RenewInstances',
      [first, second].map((commandId) => ({ commandId, data })),
    );
    expect(await told('prod', second)).toHaveProperty('events.0.data');
    expect(await told('test', second)).toBeNull();
  });

  it('is told in brief where nothing that is left says whose it was', async () => {
    const { sent, told, compact } = nodeOver();
    sent('AssignResource', { ...db1, node: 'n1' });
    const released = sent('ReleaseResource', db1);
    const again = sent('ReleaseResource', db1);
    compact();
    const brief = { outcome: 'applied', events: [], record: null, position: 'm1.c7f3.1.2' };
    expect(await told('test', released)).toMatchObject(brief);
    const refused = await told('test', again);
    expect(refused).toMatchObject({ error: { code: 'NOT_FOUND', details: { record: null } } });
    expect(JSON.stringify(refused)).not.toContain('db-1');
  });

  it('is not told by an entry that is another command', async () => {
    const { log, sent, told } = nodeOver();
    sent('AssignResource', { ...db1, node: 'n1' });
    const released = sent('ReleaseResource', db1);
    const other = new MachineLog(KINDS);
    for (const command of ['A', 'B']) other.send(command, {}, { namespace: 'test' });
    log.entries.splice(0, 2, ...other.entries);
    expect(await told('test', released)).toMatchObject({ events: [] });
    expect(await told('prod', released)).toMatchObject({ events: [] });
  });

  it('is not known of a command that never came', async () => {
    const { log, told } = nodeOver();
    expect(await told('prod', log.freshId())).toBeNull();
  });

  it('is told in full, and later in brief, which says of itself that it is', async () => {
    const log = new MachineLog(KINDS);
    log.settings({ outcomesInFullMax: 2 });
    const { told } = nodeOver(log);
    const [done, refused] = [log.freshId(), log.freshId()];
    log.send('PlaceTenant', { tenantId: 'acme', cell: 'eu-1' }, { commandId: done });
    log.send('EvictTenant', { tenantId: 'nobody' }, { commandId: refused });
    const outcomes = () => Promise.all([done, refused].map((id) => told('prod', id)));
    const [full, error] = await outcomes();
    expect(full).toMatchObject({ events: [{ type: 'TenantPlaced' }], record: { id: 'acme' } });
    expect(full).not.toHaveProperty('brief');
    expect(error).toMatchObject({ error: { details: { version: 0, record: null } } });
    for (const cell of ['a', 'b', 'c']) log.send('PlaceTenant', { tenantId: 'other', cell });
    const [short, shortError] = await outcomes();
    expect(short).toEqual({ ...full, brief: true, events: [], record: null });
    const details = { rule: expect.any(String), position: expect.any(String), brief: true };
    expect(shortError).toMatchObject({ error: { code: 'NOT_FOUND' } });
    expect((shortError?.['error'] as { details: object }).details).toEqual(details);
  });
});
