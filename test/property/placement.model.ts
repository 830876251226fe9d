import { defined, isOver, isSame, textOf } from './kind-model.js';
import type { Fields, KindModel, ModelMoment, ModelRecord } from './kind-model.js';

/** Tenants and their resources: one model, as the rule for evicting a tenant counts resources. */
export class PlacementModel implements KindModel {
  readonly records = new Map<string, ModelRecord>();

  keyOf(command: string, data: Fields): string {
    const tenant = textOf(data, 'tenantId');
    if (command.endsWith('Tenant')) return `tenant:${tenant}`;
    return `resource:${tenant}/${textOf(data, 'resourceId')}`;
  }

  apply(command: string, data: Fields, at: ModelMoment): string {
    const key = this.keyOf(command, data);
    const record = this.records.get(key);
    if (command === 'PlaceTenant') {
      return this.put(key, record, { labels: {}, ...defined(data) });
    }
    if (command === 'AssignResource') {
      const { owner, ttlMs } = record?.value ?? {};
      return this.put(key, record, { labels: {}, ...defined({ ...data, owner, ttlMs }) });
    }
    if (record === undefined) return 'NOT_FOUND';
    if (command === 'EvictTenant') {
      const prefix = `resource:${textOf(data, 'tenantId')}/`;
      if ([...this.records.keys()].some((one) => one.startsWith(prefix))) return 'RULE_VIOLATED';
      this.records.delete(key);
      return 'applied';
    }
    return this.applyToOwnership(command, data, record, at);
  }

  expire(record: ModelRecord): void {
    disown(record);
  }

  private applyToOwnership(
    command: string,
    data: Fields,
    record: ModelRecord,
    at: ModelMoment,
  ): string {
    const owner = isOver(record, at.time) ? undefined : record.value['owner'];
    switch (command) {
      case 'ReleaseResource':
        if (owner !== undefined && at.expect?.['owner'] !== owner) return 'ALREADY_OWNED';
        this.records.delete(this.keyOf(command, data));
        return 'applied';
      case 'ClaimOwnership':
        return claim(record, owner, data, at);
      case 'TransferOwnership':
        if (owner !== data['from']) return 'RULE_VIOLATED';
        grant(record, data['to'], data['ttlMs'], at);
        return 'applied';
      case 'ReleaseOwnership':
        if (owner !== data['owner']) return 'RULE_VIOLATED';
        disown(record);
        return 'applied';
      default:
        throw new Error(command);
    }
  }

  private put(key: string, record: ModelRecord | undefined, value: Record<string, unknown>) {
    if (record === undefined) {
      this.records.set(key, { value, version: 1, fence: null, since: 0, ttlMs: null });
      return 'applied';
    }
    if (isSame(record.value, value)) return 'noop';
    record.value = value;
    record.version += 1;
    return 'applied';
  }
}

function claim(record: ModelRecord, owner: unknown, data: Fields, at: ModelMoment): string {
  const { owner: claimant, ttlMs } = data;
  if (owner !== undefined && owner !== claimant) return 'ALREADY_OWNED';
  if (owner === undefined) {
    grant(record, claimant, ttlMs, at);
    return 'applied';
  }
  if (record.value['ttlMs'] === ttlMs) {
    record.since = at.time;
    return ttlMs === undefined ? 'noop' : 'applied';
  }
  const { fence } = record;
  grant(record, claimant, ttlMs, at);
  record.fence = fence;
  return 'applied';
}

function grant(record: ModelRecord, owner: unknown, ttlMs: unknown, at: ModelMoment): void {
  record.value = defined({ ...record.value, owner, ttlMs });
  record.version += 1;
  record.fence = at.index;
  record.since = at.time;
  record.ttlMs = (ttlMs as number | undefined) ?? null;
}

function disown(record: ModelRecord): void {
  record.value = defined({ ...record.value, owner: undefined, ttlMs: undefined });
  record.version += 1;
  record.fence = null;
  record.ttlMs = null;
}
