/** One running instance of a service. Key: `<service>/<instance>`. */
export interface ServiceInstanceValue extends Readonly<Record<string, unknown>> {
  readonly service: string;
  readonly instanceId: string;
  readonly address: string;
  readonly port: number;
  readonly zone?: string;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly ttlMs: number;
}

export const SERVICE_INSTANCE = 'instance';
export const instanceKey = (service: string, instanceId: string): string =>
  `${service}/${instanceId}`;
