import type { MaintenanceValue } from './maintenance.record.js';

export class MaintenanceBegun {
  readonly type = 'MaintenanceBegun';
  constructor(readonly data: MaintenanceValue) {}
}

export class MaintenanceEnded {
  readonly type = 'MaintenanceEnded';
  constructor(readonly data: { readonly node: string; readonly isOverdue: boolean }) {}
}

export type MaintenanceEvent = MaintenanceBegun | MaintenanceEnded;

export const MAINTENANCE_EVENTS = [
  'MaintenanceBegun',
  'MaintenanceEnded',
] as const satisfies readonly MaintenanceEvent['type'][];
