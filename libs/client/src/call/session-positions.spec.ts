import { describe, expect, it } from '@jest/globals';
import { SessionPositions } from './session-positions.js';

describe('the positions of a session', () => {
  it('keep the furthest of each partition', () => {
    const session = new SessionPositions();
    session.note('m1.aa.1.10');
    session.note('m1.aa.2.7,m1.aa.1.9');
    expect(session.position(null)).toBe('m1.aa.1.10,m1.aa.2.7');
    expect(session.position(2)).toBe('m1.aa.2.7');
    expect(session.position(3)).toBeUndefined();
  });

  it('begin anew in another incarnation, and ignore late answers of the one before', () => {
    const session = new SessionPositions();
    session.note('m1.aa.1.10');
    session.note('m1.bb.2.3');
    session.note('m1.aa.1.11');
    expect(session.position(null)).toBe('m1.bb.2.3');
  });

  it('forget a history that is gone', () => {
    const session = new SessionPositions();
    session.note('m1.aa.1.10');
    session.forget();
    session.note('m1.aa.1.12');
    expect(session.position(null)).toBeUndefined();
    session.note('m1.bb.1.1');
    expect(session.position(null)).toBe('m1.bb.1.1');
  });
});
