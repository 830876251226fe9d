import { defined, isSame, textOf } from './kind-model.js';
import type { Fields, KindModel, ModelMoment, ModelRecord } from './kind-model.js';

export class ServiceInstanceModel implements KindModel {
  readonly records = new Map<string, ModelRecord>();

  keyOf(command: string, data: Fields): string | null {
    if (command === 'RenewInstances') return null;
    return `instance:${textOf(data, 'service')}/${textOf(data, 'instanceId')}`;
  }

  apply(command: string, data: Fields, at: ModelMoment): string {
    if (command === 'RenewInstances') return this.renew(data, at);
    const key = this.keyOf(command, data) as string;
    const record = this.records.get(key);
    if (command === 'DeregisterInstance') {
      return this.records.delete(key) ? 'applied' : 'NOT_FOUND';
    }
    const value: Record<string, unknown> = { tags: [], metadata: {}, ...defined(data) };
    const version = (record?.version ?? 0) + 1;
    const ttlMs = value['ttlMs'] as number;
    if (record !== undefined && isSame(record.value, value)) record.since = at.time;
    else this.records.set(key, { value, version, fence: null, since: at.time, ttlMs });
    return 'applied';
  }

  expire(over: ModelRecord): void {
    for (const [key, record] of this.records) if (record === over) this.records.delete(key);
  }

  private renew(data: Fields, at: ModelMoment): string {
    let known = 0;
    for (const instanceId of data['instanceIds'] as string[]) {
      const record = this.records.get(`instance:${textOf(data, 'service')}/${instanceId}`);
      if (record === undefined) continue;
      record.since = at.time;
      known += 1;
    }
    return known > 0 ? 'applied' : 'noop';
  }
}
