/** Where a tenant's resource runs, and who owns it. Key: `<tenant>/<resource>`. */
export interface ResourceValue extends Readonly<Record<string, unknown>> {
  readonly tenantId: string;
  readonly resourceId: string;
  readonly node: string;
  readonly kind?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly owner?: string;
  /** Time to live of the ownership in milliseconds; absent when it does not end by itself. */
  readonly ttlMs?: number;
}

export const RESOURCE = 'resource';
export const resourceKey = (tenantId: string, resourceId: string): string =>
  `${tenantId}/${resourceId}`;
