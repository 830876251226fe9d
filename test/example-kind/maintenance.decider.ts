import { accept, reject, renew, sameContent } from '@metad/eventsourcing';
import type { Decider } from '@metad/eventsourcing';
import type { MaintenanceCommand } from './maintenance.commands.js';
import { MaintenanceBegun, MaintenanceEnded } from './maintenance.events.js';
import type { MaintenanceEvent } from './maintenance.events.js';
import type { MaintenanceValue } from './maintenance.record.js';

export const maintenanceDecider: Decider<MaintenanceValue, MaintenanceCommand, MaintenanceEvent> = {
  decide({ value, leaseEnded }, command) {
    switch (command.name) {
      case 'BeginMaintenance':
        if (value === null || leaseEnded) return accept(new MaintenanceBegun(command.data));
        if (sameContent(value, command.data)) return renew();
        return reject(
          'RULE_VIOLATED',
          'maintenance-one-at-a-time',
          `${value.node} is under maintenance already: ${value.reason}`,
        );
      case 'EndMaintenance':
        if (value === null) {
          return reject('NOT_FOUND', 'maintenance-exists', 'this node is not under maintenance');
        }
        return accept(new MaintenanceEnded({ node: value.node, isOverdue: false }));
    }
  },

  evolve(_value, event) {
    switch (event.type) {
      case 'MaintenanceBegun':
        return event.data;
      case 'MaintenanceEnded':
        return null;
    }
  },

  expire: ({ node }) => new MaintenanceEnded({ node, isOverdue: true }),
};
