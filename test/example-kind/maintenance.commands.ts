import type { KindCommand } from '@metad/eventsourcing';
import { z } from 'zod';
import { id, text, ttlMs } from '../../src/kinds/fields.js';
import type { CommandDefinition } from '../../src/kinds/kind.js';
import { MAINTENANCE } from './maintenance.record.js';

const beginMaintenance = z.strictObject({ node: id, reason: text, ttlMs });
const endMaintenance = z.strictObject({ node: id });

export type BeginMaintenance = z.infer<typeof beginMaintenance>;
export type EndMaintenance = z.infer<typeof endMaintenance>;
export type MaintenanceCommand =
  KindCommand<'BeginMaintenance', BeginMaintenance> | KindCommand<'EndMaintenance', EndMaintenance>;

const about = {
  kind: MAINTENANCE,
  routing: (namespace: string, { node }: EndMaintenance) => ({
    key: `maintenance/${namespace}/${node}`,
    prefix: false,
  }),
  recordKeys: ({ node }: EndMaintenance) => [node],
};

export const MAINTENANCE_COMMANDS: readonly CommandDefinition[] = [
  { ...about, name: 'BeginMaintenance', schema: beginMaintenance, grows: true },
  { ...about, name: 'EndMaintenance', schema: endMaintenance, grows: false },
];
