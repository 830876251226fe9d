import { describe, expect, it } from '@jest/globals';
import { MetadError } from '@metad/contract';
import { errorText } from './error-text.js';

const faulty = (field: string): string =>
  errorText(new MetadError('INVALID_ARGUMENT', 'no', { faults: [{ field, reason: 'cannot be' }] }));

describe('what a person reads of a refusal', () => {
  it('says how data are typed where data are faulty, and nowhere else', () => {
    expect(faulty('data.ttlMs')).toMatch(/ {2}data\.ttlMs: cannot be\nHint: numbers and lists/);
    expect(faulty('namespace')).toBe('INVALID_ARGUMENT: no\n  namespace: cannot be');
  });
});
