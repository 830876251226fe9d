import type { ServiceInstanceValue } from './service-instance.record.js';

export interface InstanceNamed extends Readonly<Record<string, unknown>> {
  readonly service: string;
  readonly instanceId: string;
}

/** The instance serves: the whole registration. */
export class InstanceRegistered {
  readonly type = 'InstanceRegistered';
  constructor(readonly data: ServiceInstanceValue) {}
}

/** The instance was taken out. */
export class InstanceDeregistered {
  readonly type = 'InstanceDeregistered';
  constructor(readonly data: InstanceNamed) {}
}

/** The time to live of the instance is over. */
export class InstanceExpired {
  readonly type = 'InstanceExpired';
  constructor(readonly data: InstanceNamed) {}
}

export type ServiceInstanceEvent = InstanceRegistered | InstanceDeregistered | InstanceExpired;

export const SERVICE_INSTANCE_EVENTS = [
  'InstanceRegistered',
  'InstanceDeregistered',
  'InstanceExpired',
] as const satisfies readonly ServiceInstanceEvent['type'][];
