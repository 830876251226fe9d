import { accept, reject, renew, sameContent } from '@metad/eventsourcing';
import type { Decider, Decision } from '@metad/eventsourcing';
import type { RegisterInstance, ServiceInstanceCommand } from './service-instance.commands.js';
import {
  InstanceDeregistered,
  InstanceExpired,
  InstanceRegistered,
} from './service-instance.events.js';
import type { ServiceInstanceEvent } from './service-instance.events.js';
import type { ServiceInstanceValue } from './service-instance.record.js';

/**
 * Which instances serve. A registration is stated as a whole; the same one again is a renewal. An
 * instance stays until the entry that ends its time to live, and can be renewed until then.
 */
export const serviceInstanceDecider: Decider<
  ServiceInstanceValue,
  ServiceInstanceCommand,
  ServiceInstanceEvent
> = {
  decide({ value }, command) {
    if (command.name === 'RegisterInstance') return register(value, command.data);
    if (value === null) {
      return reject('NOT_FOUND', 'instance-exists', 'there is no such instance; register it');
    }
    switch (command.name) {
      case 'RenewInstances':
        return renew();
      case 'DeregisterInstance':
        return accept(new InstanceDeregistered(nameOf(value)));
    }
  },

  evolve(_value, event) {
    switch (event.type) {
      case 'InstanceRegistered':
        return event.data;
      case 'InstanceDeregistered':
      case 'InstanceExpired':
        return null;
    }
  },

  expire: (value) => new InstanceExpired(nameOf(value)),
};

function register(
  value: ServiceInstanceValue | null,
  data: RegisterInstance,
): Decision<ServiceInstanceEvent> {
  const registered = { ...data, tags: data.tags ?? [], metadata: data.metadata ?? {} };
  if (value !== null && sameContent(value, registered)) return renew();
  return accept(new InstanceRegistered(registered as ServiceInstanceValue));
}

const nameOf = ({ service, instanceId }: ServiceInstanceValue) => ({ service, instanceId });
