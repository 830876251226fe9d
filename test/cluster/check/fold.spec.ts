import { describe, expect, it } from '@jest/globals';
import { foldLog } from './fold.js';
import type { LoggedEntry, SentCommand } from './fold.js';
import type { Json } from './json.js';
import type { RecordOutput } from './record-model.js';

const names = { tenantId: 'acme', resourceId: 'db-1' };

function sent(id: string, command: string, data: Json, index: number | null, version?: number) {
  const output: RecordOutput | undefined =
    version === undefined
      ? undefined
      : { kind: 'accepted', outcome: 'applied', version, fence: null };
  const entry: SentCommand = {
    key: 'resource/acme/db-1',
    input: { kind: 'command', commandId: id, command, data: { ...names, ...data } },
    ...(output ? { output } : {}),
    index,
  };
  return [id, entry] as const;
}

const log = (...ids: (string | null)[]): LoggedEntry[] =>
  ids.map((commandId, at) => ({
    index: at + 1,
    term: 1,
    kind: commandId === null ? 'noop' : 'command',
    ...(commandId === null ? {} : { commandId }),
  }));

const two = new Map([
  sent('a', 'AssignResource', { node: 'n1' }, 2, 1),
  sent('b', 'AssignResource', { node: 'n2' }, 3, 2),
]);

describe('folding a log', () => {
  it('finds nothing wrong where every answer agrees, and keeps the last records', () => {
    const result = foldLog(1, log(null, 'a', 'b'), two, 'chaos');
    expect(result.faults).toEqual([]);
    expect(result.records.get('resource/acme/db-1')).toMatchObject({ version: 2 });
  });

  it('applies a repeated command once', () => {
    const result = foldLog(1, log(null, 'a', 'b', 'a'), two, 'chaos');
    expect(result.faults).toEqual([]);
    expect(result.repeated).toBe(1);
    expect(result.records.get('resource/acme/db-1')?.value).toMatchObject({ node: 'n2' });
  });

  it('misses an acknowledged command', () => {
    expect(foldLog(1, log(null, 'a'), two, 'chaos').faults).toEqual([
      'partition 1: acknowledged command b on resource/acme/db-1 (index 3) is not in the log',
    ]);
  });

  it('does not miss one that was never acknowledged', () => {
    const unknown = new Map([sent('a', 'AssignResource', { node: 'n1' }, null)]);
    expect(foldLog(1, log(null), unknown, 'chaos').faults).toEqual([]);
    expect(foldLog(1, log(null, 'a'), unknown, 'chaos').faults).toEqual([]);
  });

  it('sees an acknowledgement for another place', () => {
    expect(foldLog(1, log(null, null, 'a', 'b'), two, 'chaos').faults).toHaveLength(2);
  });

  it('sees a double apply by the version that was answered', () => {
    const twice = new Map([
      sent('a', 'AssignResource', { node: 'n1' }, 1, 1),
      sent('b', 'AssignResource', { node: 'n2' }, 2, 3),
    ]);
    expect(foldLog(1, log('a', 'b'), twice, 'chaos').faults).toEqual([
      'partition 1: AssignResource b on resource/acme/db-1 at index 2 gave version 3, the model 2',
    ]);
  });

  it('sees a hole, and a command that nobody sent', () => {
    const hole = log(null, 'a').filter(({ index }) => index !== 1);
    const late = { index: 4, term: 1, kind: 'command', commandId: 'z' };
    const one = new Map([...two].slice(0, 1));
    expect(foldLog(1, [...hole, late], one, 'chaos').faults).toEqual([
      'partition 1: the log jumps from 2 to 4',
      'partition 1: entry 4 holds a command that nobody sent: z',
    ]);
  });
});
