import { describe, expect, it } from '@jest/globals';
import type { Json } from './json.js';
import { checkLinearizable } from './linearizability.js';
import type { Operation } from './linearizability.js';
import { recordModel } from './record-model.js';
import type { RecordInput, RecordOutput } from './record-model.js';

type Op = Operation<RecordInput, RecordOutput>;

let clock = 0;
const names = { tenantId: 'acme', resourceId: 'db-1' };

function command(name: string, data: Json, output?: RecordOutput, expect?: Json): Op {
  const input: RecordInput = {
    kind: 'command',
    commandId: `c${clock}`,
    command: name,
    data: { ...names, ...data },
    ...(expect ? { expect } : {}),
  };
  return { input, ...(output ? { output } : {}), ...interval(output !== undefined) };
}

function read(value: Json | null, version = 0, fence: number | null = null): Op {
  const record = value && { value: { ...names, labels: {}, ...value }, version, fence };
  return { input: { kind: 'read' }, output: { kind: 'read', record }, ...interval(true) };
}

/** One after the other: what overlaps is the checker's own spec's business. */
function interval(answered: boolean): { calledAt: number; returnedAt: number } {
  clock += 2;
  return { calledAt: clock, returnedAt: answered ? clock + 1 : Infinity };
}

const applied = (version: number, fence: number | null = null): RecordOutput => ({
  kind: 'accepted',
  outcome: 'applied',
  version,
  fence,
});
const duplicate = (version: number): RecordOutput => ({
  kind: 'accepted',
  outcome: 'duplicate',
  version,
  fence: null,
});
const refused: RecordOutput = { kind: 'refused', code: 'ANY' };
const verdict = (...history: Op[]): string => checkLinearizable(recordModel, history).kind;

describe('the model of a record accepts', () => {
  it('a life: assigned, claimed, refused to others, handed over, given up, released', () => {
    const history = [
      read(null),
      command('AssignResource', { node: 'a' }, applied(1)),
      command('ClaimOwnership', { owner: 'x' }, applied(2, 40)),
      command('ClaimOwnership', { owner: 'y' }, refused),
      read({ node: 'a', owner: 'x' }, 2, 40),
      command('TransferOwnership', { from: 'x', to: 'y' }, applied(3, 55)),
      command('AssignResource', { node: 'b' }, applied(4)),
      read({ node: 'b', owner: 'y' }, 4, 55),
      command('ReleaseResource', {}, refused),
      command('ReleaseOwnership', { owner: 'y' }, applied(5)),
      command('ReleaseResource', {}, applied(0)),
      read(null),
    ];
    expect(verdict(...history)).toBe('linearizable');
  });

  it('a fence that is learned only from a later read', () => {
    const history = [
      command('AssignResource', { node: 'a' }, applied(1)),
      command('ClaimOwnership', { owner: 'x' }),
      read({ node: 'a', owner: 'x' }, 2, 17),
      read({ node: 'a', owner: 'x' }, 2, 17),
    ];
    expect(verdict(...history)).toBe('linearizable');
  });

  it('a repeated command that answers with its first version', () => {
    const history = [
      command('AssignResource', { node: 'a' }, duplicate(1)),
      read({ node: 'a' }, 1),
    ];
    expect(verdict(...history)).toBe('linearizable');
  });
});

describe('the model of a record finds', () => {
  it('a command that was applied twice: the version moved by two', () => {
    const history = [
      command('AssignResource', { node: 'a' }, applied(1)),
      command('ClaimOwnership', { owner: 'x' }, applied(2, 9)),
      command('AssignResource', { node: 'b' }, applied(4)),
    ];
    expect(verdict(...history)).toBe('violation');
  });

  it('a precondition that was decided too early: two expected the same version and won', () => {
    const start = command('AssignResource', { node: 'a' }, applied(1));
    const first = command('AssignResource', { node: 'b' }, applied(2), { version: 1 });
    const second = command('AssignResource', { node: 'c' }, applied(3), { version: 1 });
    expect(verdict(start, first, second)).toBe('violation');
    expect(verdict(start, first, { ...second, output: refused })).toBe('linearizable');
  });

  it('two owners of one resource', () => {
    const history = [
      command('AssignResource', { node: 'a' }, applied(1)),
      command('ClaimOwnership', { owner: 'x' }, applied(2, 9)),
      command('ClaimOwnership', { owner: 'y' }, applied(3, 12)),
    ];
    expect(verdict(...history)).toBe('violation');
  });

  it('a fence that changed without a change of owner', () => {
    const history = [
      command('AssignResource', { node: 'a' }, applied(1)),
      command('ClaimOwnership', { owner: 'x' }, applied(2, 9)),
      read({ node: 'a', owner: 'x' }, 2, 10),
    ];
    expect(verdict(...history)).toBe('violation');
  });

  it('an acknowledged command that power loss took away', () => {
    const history = [command('AssignResource', { node: 'a' }, applied(1)), read(null)];
    expect(verdict(...history)).toBe('violation');
  });

  it('a refusal without a reason', () => {
    expect(verdict(command('AssignResource', { node: 'a' }, refused))).toBe('violation');
  });
});
