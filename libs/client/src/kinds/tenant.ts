import type { LabelFilter, Labels, RecordFields } from './record.js';

/** Where a tenant lives. `id` is the tenant's. */
export interface TenantRecord extends RecordFields {
  readonly tenantId: string;
  readonly cell: string;
  readonly node?: string;
  readonly tier?: string;
  readonly labels: Labels;
}

export interface TenantCommands {
  PlaceTenant: {
    readonly tenantId: string;
    readonly cell: string;
    readonly node?: string;
    readonly tier?: string;
    readonly labels?: Labels;
  };
  EvictTenant: { readonly tenantId: string };
}

export interface TenantQueries {
  GetTenant: { params: { readonly tenantId: string }; item: TenantRecord };
  ListTenants: {
    params: LabelFilter & {
      readonly cell?: string;
      readonly node?: string;
      readonly tier?: string;
    };
    items: TenantRecord;
  };
}
