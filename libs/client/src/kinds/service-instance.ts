import type { Labels, RecordFields } from './record.js';

/** One running instance of a service. `id` is `<service>/<instance>`. */
export interface InstanceRecord extends RecordFields {
  readonly service: string;
  readonly instanceId: string;
  readonly address: string;
  readonly port: number;
  readonly zone?: string;
  readonly tags: readonly string[];
  readonly metadata: Labels;
  readonly ttlMs: number;
}

export interface ServiceRecord {
  readonly service: string;
  readonly instances: number;
}

export interface InstanceCommands {
  RegisterInstance: {
    readonly service: string;
    readonly instanceId: string;
    readonly address: string;
    readonly port: number;
    readonly zone?: string;
    readonly tags?: readonly string[];
    readonly metadata?: Labels;
    readonly ttlMs: number;
  };
  RenewInstances: { readonly service: string; readonly instanceIds: readonly string[] };
  DeregisterInstance: { readonly service: string; readonly instanceId: string };
}

export interface InstanceQueries {
  ListInstances: {
    params: { readonly service: string; readonly zone?: string; readonly tag?: string };
    items: InstanceRecord;
  };
  ListServices: { params: Readonly<Record<string, never>>; items: ServiceRecord };
}
