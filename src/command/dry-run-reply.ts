import type { CommandReply } from '@metad/contract';
import {
  toCommandReply,
  toRecordBody,
  type DryRunResult,
  type PositionScope,
} from '../decide/index.js';
import type { KindRegistry } from '../kinds/index.js';

/**
 * What would happen, with the records before and after; refusals are thrown as for the real one.
 */
export function dryRunReply(
  result: DryRunResult,
  scope: PositionScope,
  kinds: KindRegistry,
): CommandReply {
  const body = (record: (typeof result.changes)[number]['after']) =>
    record === null ? null : toRecordBody(record, kinds);
  const changes = result.changes.map(({ type, kind, namespace, key, before, after }) => ({
    ...{ type, kind, namespace, key },
    before: body(before),
    after: body(after),
  }));
  const reply = toCommandReply(result, scope, kinds);
  return { ...reply, dryRun: true, changes } as CommandReply;
}
