import type { KindCommand } from '@metad/eventsourcing';
import { z } from 'zod';
import { id, keyedBy, labels, names, text, ttlMs } from '../fields.js';
import type { CommandDefinition } from '../kind.js';
import { SERVICE_INSTANCE, instanceKey } from './service-instance.record.js';

const tagsMax = 64;
const renewedMax = 1_000;

const named = { service: id, instanceId: id };
const registerInstance = keyedBy(
  {
    ...named,
    address: text,
    port: z.int().min(1, 'must be 1 to 65535').max(65_535, 'must be 1 to 65535'),
    zone: text.optional(),
    tags: names(tagsMax).optional(),
    metadata: labels.optional(),
    ttlMs,
  },
  'service',
  'instanceId',
);
const renewInstances = z.strictObject({
  service: id,
  instanceIds: z.array(id).min(1).max(renewedMax, `must not exceed ${renewedMax} entries`),
});
const deregisterInstance = keyedBy(named, 'service', 'instanceId');

export type RegisterInstance = z.infer<typeof registerInstance>;
export type RenewInstances = z.infer<typeof renewInstances>;
export type DeregisterInstance = z.infer<typeof deregisterInstance>;
export type ServiceInstanceCommand =
  | KindCommand<'RegisterInstance', RegisterInstance>
  | KindCommand<'RenewInstances', RenewInstances>
  | KindCommand<'DeregisterInstance', DeregisterInstance>;

const aboutOne = {
  kind: SERVICE_INSTANCE,
  routing: (namespace: string, { service, instanceId }: DeregisterInstance) => ({
    key: `services/${namespace}/${service}/${instanceId}`,
    prefix: false,
  }),
  recordKeys: ({ service, instanceId }: DeregisterInstance) => [instanceKey(service, instanceId)],
};

/** All instances of a service share a partition: what the part before the last slash says. */
const aboutMany = {
  kind: SERVICE_INSTANCE,
  routing: (namespace: string, { service }: RenewInstances) => ({
    key: `services/${namespace}/${service}`,
    prefix: true,
  }),
  recordKeys: ({ service, instanceIds }: RenewInstances) =>
    instanceIds.map((instanceId) => instanceKey(service, instanceId)),
  report: ({ service, instanceIds }: RenewInstances, unknownKeys: readonly string[]) => {
    const unknown = instanceIds.filter((one) => unknownKeys.includes(instanceKey(service, one)));
    const renewed = instanceIds.length - unknown.length;
    return { type: 'InstancesRenewed', data: { service, renewed, unknown } };
  },
};

export const SERVICE_INSTANCE_COMMANDS: readonly CommandDefinition[] = [
  { ...aboutOne, name: 'RegisterInstance', schema: registerInstance, grows: true },
  { ...aboutMany, name: 'RenewInstances', schema: renewInstances, grows: false },
  { ...aboutOne, name: 'DeregisterInstance', schema: deregisterInstance, grows: false },
];
