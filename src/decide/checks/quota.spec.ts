import { describe, expect, it } from '@jest/globals';
import type { MetadError } from '@metad/contract';
import { checkCommand, KINDS } from '../../kinds/index.js';
import { checkQuota } from './quota.js';
import { MachineLog } from '../testing/machine-log.js';

const quota = { recordsPerNamespaceMax: 2, recordsPerPartitionMax: 3 };
const resource = (resourceId: string) => ({ tenantId: 'acme', resourceId });
const filled = () => {
  const log = new MachineLog(KINDS);
  for (const id of ['r1', 'r2']) log.send('AssignResource', { ...resource(id), node: 'n1' });
  return log.machine.records;
};
const check = (namespace: string, command: string, data: Record<string, unknown>) => {
  const checked = checkCommand(KINDS, namespace, command, { data }, () => 1);
  checkQuota(filled(), namespace, checked, quota);
};
const refusal = (...args: Parameters<typeof check>): MetadError => {
  try {
    check(...args);
  } catch (error) {
    return error as MetadError;
  }
  throw new Error('was not refused');
};
const assign = (id: string) => ({
  command: 'AssignResource',
  data: { ...resource(id), node: 'n2' },
});

describe('a quota', () => {
  it('refuses a record too many in its namespace, and names the limit', () => {
    const error = refusal('prod', 'AssignResource', assign('r3').data);
    expect(error).toMatchObject({ code: 'QUOTA_EXCEEDED', status: 429 });
    expect(error.details).toMatchObject({ limit: 'recordsPerNamespaceMax', max: 2 });
  });

  it('counts what a batch would add', () => {
    check('dev', 'Batch', { commands: [assign('r1'), assign('r1')] });
    const error = refusal('dev', 'Batch', { commands: [assign('r1'), assign('r2')] });
    expect(error.details).toMatchObject({ limit: 'recordsPerPartitionMax', max: 3 });
  });

  it('never refuses a change of what is there, nor a removal', () => {
    check('prod', 'AssignResource', assign('r1').data);
    check('prod', 'ClaimOwnership', { ...resource('r1'), owner: 'a' });
    check('prod', 'ReleaseResource', resource('r9'));
  });
});
