import { MetadError } from '@metad/contract';
import type { CheckedCommand } from '../../kinds/index.js';
import type { RecordStore } from '../state/records/record-store.js';

/** Limits on the number of records; checked before an entry exists. */
export interface RecordQuota {
  /** Records of all kinds in one namespace and one partition. */
  readonly recordsPerNamespaceMax: number;
  /** Records of all kinds and namespaces in one partition. */
  readonly recordsPerPartitionMax: number;
}

export const DEFAULT_QUOTA: RecordQuota = {
  recordsPerNamespaceMax: 1_000_000,
  recordsPerPartitionMax: 4_000_000,
};

const retryAfterMs = 5_000;

/**
 * For the leader, before it proposes. What adds no record is never refused: changes of records that
 * are there, and removals. Commands in flight are not counted, so a quota can be exceeded by as
 * many as may be in flight. Throws QUOTA_EXCEEDED, naming the limit.
 */
export function checkQuota(
  records: RecordStore,
  namespace: string,
  { steps, grows }: CheckedCommand,
  quota: RecordQuota,
): void {
  if (!grows) return;
  const inNamespace = records.countOf(namespace);
  const isFar =
    inNamespace + steps.length <= quota.recordsPerNamespaceMax &&
    records.size + steps.length <= quota.recordsPerPartitionMax;
  if (isFar) return;
  const added = countAdded(records, namespace, steps);
  if (added === 0) return;
  if (inNamespace + added > quota.recordsPerNamespaceMax) {
    throw exceeded(
      'recordsPerNamespaceMax',
      quota.recordsPerNamespaceMax,
      `namespace ${namespace}`,
    );
  }
  if (records.size + added > quota.recordsPerPartitionMax) {
    throw exceeded('recordsPerPartitionMax', quota.recordsPerPartitionMax, 'this partition');
  }
}

/** Records that the steps would create and that are not there yet. */
function countAdded(
  records: RecordStore,
  namespace: string,
  steps: CheckedCommand['steps'],
): number {
  const added = new Set<string>();
  for (const { registered, data } of steps) {
    const { definition, kind } = registered;
    if (!definition.grows) continue;
    for (const key of definition.recordKeys(data)) {
      if (records.get(kind.kind, namespace, key) === null) added.add(`${kind.kind}/${key}`);
    }
  }
  return added.size;
}

function exceeded(limit: keyof RecordQuota, max: number, where: string): MetadError {
  const message = `${where} may hold ${max} records (${limit}); remove some or raise the limit`;
  return new MetadError('QUOTA_EXCEEDED', message, { limit, max, retryAfterMs });
}
