import type { LabelFilter, Labels, RecordFields } from './record.js';

interface ResourceName {
  readonly tenantId: string;
  readonly resourceId: string;
}

/** Where a tenant's resource runs, and who owns it. */
export interface ResourceRecord extends RecordFields, ResourceName {
  readonly node: string;
  /** What sort of resource it is, in the words of whoever assigned it. */
  readonly kind?: string;
  readonly labels: Labels;
  readonly owner?: string;
  /** Time to live of the ownership in milliseconds; absent when it does not end by itself. */
  readonly ttlMs?: number;
}

export interface ResourceCommands {
  AssignResource: ResourceName & {
    readonly node: string;
    readonly kind?: string;
    readonly labels?: Labels;
  };
  ReleaseResource: ResourceName;
  ClaimOwnership: ResourceName & { readonly owner: string; readonly ttlMs?: number };
  TransferOwnership: ResourceName & {
    readonly from: string;
    readonly to: string;
    readonly ttlMs?: number;
  };
  ReleaseOwnership: ResourceName & { readonly owner: string };
}

export interface ResourceQueries {
  GetResource: { params: ResourceName; item: ResourceRecord };
  ListResources: {
    params: LabelFilter & {
      readonly tenantId?: string;
      readonly node?: string;
      readonly owner?: string;
      readonly kind?: string;
    };
    items: ResourceRecord;
  };
}
