import type { KindDefinition } from '../kind.js';
import { SERVICE_INSTANCE_COMMANDS } from './service-instance.commands.js';
import { serviceInstanceDecider } from './service-instance.decider.js';
import { SERVICE_INSTANCE_EVENTS } from './service-instance.events.js';
import { SERVICE_INSTANCE } from './service-instance.record.js';
import type { ServiceInstanceValue } from './service-instance.record.js';

export const SERVICE_INSTANCE_KIND: KindDefinition<ServiceInstanceValue> = {
  kind: SERVICE_INSTANCE,
  commands: SERVICE_INSTANCE_COMMANDS,
  decider: serviceInstanceDecider,
  events: SERVICE_INSTANCE_EVENTS,
  idOf: (key) => key,
  lease: { begunBy: ['InstanceRegistered'], ttlMsOf: ({ ttlMs }) => ttlMs },
};
