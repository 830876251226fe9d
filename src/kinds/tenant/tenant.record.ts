/** Where a tenant lives. Key: `<tenant>`. */
export interface TenantValue extends Readonly<Record<string, unknown>> {
  readonly tenantId: string;
  readonly cell: string;
  readonly node?: string;
  readonly tier?: string;
  readonly labels: Readonly<Record<string, string>>;
}

export const TENANT = 'tenant';
