import { accept, reject, sameContent } from '@metad/eventsourcing';
import type { Decider, Decision, RecordState } from '@metad/eventsourcing';
import type { EvictTenant, PlaceTenant, TenantCommand } from './tenant.commands.js';
import { TenantEvicted, TenantPlaced } from './tenant.events.js';
import type { TenantEvent } from './tenant.events.js';
import type { TenantValue } from './tenant.record.js';

/**
 * Where tenants live. A placement is stated as a whole: what a command leaves out, the record no
 * longer has. So a repeated command is recognised as one that changes nothing.
 */
export const tenantDecider: Decider<TenantValue, TenantCommand, TenantEvent> = {
  decide(state, command) {
    switch (command.name) {
      case 'PlaceTenant':
        return place(state, command.data);
      case 'EvictTenant':
        return evict(state, command.data);
    }
  },

  evolve(_value, event) {
    switch (event.type) {
      case 'TenantPlaced':
        return event.data;
      case 'TenantEvicted':
        return null;
    }
  },
};

function place(state: RecordState<TenantValue>, data: PlaceTenant): Decision<TenantEvent> {
  const placed = { ...data, labels: data.labels ?? {} } as TenantValue;
  return sameContent(state.value, placed) ? accept() : accept(new TenantPlaced(placed));
}

function evict(state: RecordState<TenantValue>, { tenantId }: EvictTenant): Decision<TenantEvent> {
  if (state.value === null) {
    return reject('NOT_FOUND', 'tenant-exists', `there is no tenant ${tenantId}`);
  }
  if (state.dependents > 0) {
    return reject(
      'RULE_VIOLATED',
      'tenant-without-resources',
      `tenant ${tenantId} still has ${state.dependents} assigned resources; release them first`,
      { resources: state.dependents },
    );
  }
  return accept(new TenantEvicted({ tenantId }));
}
