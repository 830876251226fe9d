import { describe, expect, it } from '@jest/globals';
import { judge } from './verdict.js';

const busy = { answered: 500, unknown: 20, failed: 10 };
const clean = { violations: [], doubts: [], counts: { AssignResource: busy } };

describe('the verdict of a run', () => {
  it('is a pass when much was answered and nothing was wrong', () => {
    expect(judge(clean)).toEqual({ verdict: 'PASS', reasons: [] });
  });

  it('is a failure for a single broken promise', () => {
    expect(judge({ ...clean, violations: ['lost'] }).verdict).toBe('FAIL');
  });

  it('is no pass when some operation was never answered', () => {
    const counts = { AssignResource: busy, DropShardMap: { answered: 0, unknown: 0, failed: 9 } };
    expect(judge({ ...clean, counts })).toEqual({
      verdict: 'NO PASS',
      reasons: ['DropShardMap was never answered'],
    });
  });

  it('is no pass when few operations were answered, or most were not', () => {
    const few = { AssignResource: { answered: 20, unknown: 0, failed: 0 } };
    const mostly = { AssignResource: { answered: 300, unknown: 900, failed: 0 } };
    expect(judge({ ...clean, counts: few }).verdict).toBe('NO PASS');
    expect(judge({ ...clean, counts: mostly }).verdict).toBe('NO PASS');
  });

  it('is no pass when a check could not be finished', () => {
    expect(judge({ ...clean, doubts: ['gave up'] }).verdict).toBe('NO PASS');
  });
});
