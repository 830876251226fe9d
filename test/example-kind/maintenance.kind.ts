import type { KindDefinition } from '../../src/kinds/kind.js';
import { MAINTENANCE_COMMANDS } from './maintenance.commands.js';
import { maintenanceDecider } from './maintenance.decider.js';
import { MAINTENANCE_EVENTS } from './maintenance.events.js';
import { MAINTENANCE } from './maintenance.record.js';
import type { MaintenanceValue } from './maintenance.record.js';

export const MAINTENANCE_KIND: KindDefinition<MaintenanceValue> = {
  kind: MAINTENANCE,
  commands: MAINTENANCE_COMMANDS,
  decider: maintenanceDecider,
  events: MAINTENANCE_EVENTS,
  idOf: (key) => key,
  lease: { begunBy: ['MaintenanceBegun'], ttlMsOf: ({ ttlMs }) => ttlMs },
};
