import { describe, expect, it } from '@jest/globals';
import { partitionId } from '@metad/foundation';
import type { PartitionDirectory } from '../../consensus/partition-directory.js';
import type { PartitionMachines } from '../../consensus/partition-machines.js';
import { MachineLog } from '../../decide/testing/machine-log.js';
import { KINDS } from '../../kinds/index.js';
import { MachineLookup } from './machine-lookup.js';

const one = partitionId(1);

function lookupIn(log: MachineLog): MachineLookup {
  const machines = { user: () => log.machine } as unknown as PartitionMachines;
  const cluster = { cluster: () => ({ incarnation: 'c7f3' }) };
  return new MachineLookup(machines, cluster as unknown as PartitionDirectory, KINDS);
}

describe('what became of a command', () => {
  it('is told in full, and later in brief, which says of itself that it is', () => {
    const log = new MachineLog(KINDS);
    log.settings({ outcomesInFullMax: 2 });
    const lookup = lookupIn(log);
    const [done, refused] = [log.freshId(), log.freshId()];
    log.send('PlaceTenant', { tenantId: 'acme', cell: 'eu-1' }, { commandId: done });
    log.send('EvictTenant', { tenantId: 'nobody' }, { commandId: refused });
    const outcomes = () => [done, refused].map((id) => lookup.outcomeOf(one, 'prod', id));
    const [full, error] = outcomes();
    expect(full).toMatchObject({ events: [{ type: 'TenantPlaced' }], record: { id: 'acme' } });
    expect(full).not.toHaveProperty('brief');
    expect(error).toMatchObject({ error: { details: { version: 0, record: null } } });
    for (const cell of ['a', 'b', 'c']) log.send('PlaceTenant', { tenantId: 'other', cell });
    const [short, shortError] = outcomes();
    expect(short).toEqual({ ...full, brief: true, events: [], record: null });
    const details = { rule: expect.any(String), position: expect.any(String), brief: true };
    expect(shortError).toMatchObject({ error: { code: 'NOT_FOUND' } });
    expect((shortError?.['error'] as { details: object }).details).toEqual(details);
  });
});
