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

  it('forget a history that the cluster does not know any more', () => {
    const session = new SessionPositions();
    session.note('m1.aa.1.10');
    session.forget('bb');
    expect(session.position(null)).toBeUndefined();
    session.note('m1.bb.1.1');
    session.note('m1.aa.1.12');
    expect(session.position(null)).toBe('m1.bb.1.1');
  });

  it('go on in their own history after a node has spoken of one that is not met again', () => {
    const session = new SessionPositions();
    session.note('m1.bb.1.10');
    session.forget('aa');
    session.note('m1.bb.1.11');
    expect(session.position(null)).toBe('m1.bb.1.11');
  });

  it('stay when the history that the cluster names is the one they are of', () => {
    const session = new SessionPositions();
    session.note('m1.bb.1.10');
    session.forget('bb');
    expect(session.position(null)).toBe('m1.bb.1.10');
  });

  it('know which histories were left, and take one up again that the cluster insists on', () => {
    const session = new SessionPositions();
    session.note('m1.aa.1.10');
    session.note('m1.bb.1.1');
    expect(['aa', 'bb', undefined].map((one) => session.hasLeft(one))).toEqual([
      true,
      false,
      false,
    ]);
    session.forget('aa');
    session.note('m1.aa.1.12');
    expect(session.position(null)).toBe('m1.aa.1.12');
  });

  it('that are handed over begin anew, and give way to the next reply of another history', () => {
    const session = new SessionPositions();
    session.note('m1.bb.1.10');
    session.continueFrom('m1.aa.1.99,m1.aa.2.3');
    expect(session.position(null)).toBe('m1.aa.1.99,m1.aa.2.3');
    session.note('m1.bb.1.11');
    session.continueFrom('m1.bb.2.4');
    expect(session.position(null)).toBe('m1.bb.1.11,m1.bb.2.4');
  });
});
