import { describe, expect, it } from '@jest/globals';
import type { FieldFault, MetadError } from '@metad/contract';
import { parseEnvelope } from './command-envelope.js';

const commandId = '0199a0c4-5b1e-7c52-9d0e-2f6a1b3c4d5e';
const faults = (expected: unknown): string[] => {
  try {
    parseEnvelope({ commandId, data: {}, expect: expected });
  } catch (error) {
    const { details } = error as MetadError;
    return (details['faults'] as FieldFault[]).map(({ field }) => field);
  }
  return [];
};

describe('expect in the envelope of a command', () => {
  it.each([
    [{ version: 7 }, []],
    [{ absent: true }, []],
    [{ exists: true, node: 'n1', owner: null }, []],
    [undefined, []],
    [null, ['expect']],
    [[], ['expect']],
    [{}, ['expect']],
    [{ version: 0, exists: false }, ['expect.version', 'expect.exists']],
    [{ absent: true, version: 3 }, ['expect.absent']],
    [{ ['x'.repeat(65)]: 1 }, [`expect.${'x'.repeat(65)}`]],
  ])('%j has faults in %j', (expected, fields) => {
    expect(faults(expected)).toEqual(fields);
  });
});
