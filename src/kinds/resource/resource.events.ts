export interface ResourceNamed extends Readonly<Record<string, unknown>> {
  readonly tenantId: string;
  readonly resourceId: string;
}

export interface Assignment extends ResourceNamed {
  readonly node: string;
  readonly kind?: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Holding extends ResourceNamed {
  readonly owner: string;
}

export interface Grant extends Holding {
  /** Milliseconds; absent when the ownership does not end by itself. */
  readonly ttlMs?: number;
}

export interface HandOver extends ResourceNamed {
  readonly from: string;
  readonly to: string;
  readonly ttlMs?: number;
}

/** The resource runs here from now on; who owns it stays as it was. */
export class ResourceAssigned {
  readonly type = 'ResourceAssigned';
  constructor(readonly data: Assignment) {}
}

/** The resource is gone. */
export class ResourceReleased {
  readonly type = 'ResourceReleased';
  constructor(readonly data: ResourceNamed) {}
}

/** Granted to an owner while nobody held it: a new fence. */
export class OwnershipClaimed {
  readonly type = 'OwnershipClaimed';
  constructor(readonly data: Grant) {}
}

/** The same owner goes on under another time to live: the same fence. */
export class OwnershipRenewed {
  readonly type = 'OwnershipRenewed';
  constructor(readonly data: Grant) {}
}

/** Handed over by its owner: a new fence. */
export class OwnershipTransferred {
  readonly type = 'OwnershipTransferred';
  constructor(readonly data: HandOver) {}
}

/** Given up by its owner. */
export class OwnershipReleased {
  readonly type = 'OwnershipReleased';
  constructor(readonly data: Holding) {}
}

/** The time to live of the claim is over. */
export class OwnershipExpired {
  readonly type = 'OwnershipExpired';
  constructor(readonly data: Holding) {}
}

export type ResourceEvent =
  | ResourceAssigned
  | ResourceReleased
  | OwnershipClaimed
  | OwnershipRenewed
  | OwnershipTransferred
  | OwnershipReleased
  | OwnershipExpired;

export const RESOURCE_EVENTS = [
  'ResourceAssigned',
  'ResourceReleased',
  'OwnershipClaimed',
  'OwnershipRenewed',
  'OwnershipTransferred',
  'OwnershipReleased',
  'OwnershipExpired',
] as const satisfies readonly ResourceEvent['type'][];
