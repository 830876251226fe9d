import type { TenantValue } from './tenant.record.js';

export interface TenantNamed extends Readonly<Record<string, unknown>> {
  readonly tenantId: string;
}

/** The tenant lives here from now on: the whole placement. */
export class TenantPlaced {
  readonly type = 'TenantPlaced';
  constructor(readonly data: TenantValue) {}
}

/** The tenant has no placement any more. */
export class TenantEvicted {
  readonly type = 'TenantEvicted';
  constructor(readonly data: TenantNamed) {}
}

export type TenantEvent = TenantPlaced | TenantEvicted;

export const TENANT_EVENTS = [
  'TenantPlaced',
  'TenantEvicted',
] as const satisfies readonly TenantEvent['type'][];
