import { describe, expect, it } from '@jest/globals';
import type { JobFigures } from '../node/node-report.js';
import { projection, report } from '../testing/sample-report.js';
import { projectionViews } from './projection-views.js';

const unknown = () => null;
const agreement = (...figures: ReturnType<typeof projection>[]) =>
  projectionViews(
    figures.map((each, at) => report(`n${at + 1}`, { projections: [each] })),
    unknown,
  )[0]?.agreement;

describe('the tables of several nodes', () => {
  it('agree where two stand at the same point with the same digests', () => {
    expect(agreement(projection('r'), projection('r'))).toBe('equal');
  });

  it('differ where the same point has two digests', () => {
    expect(agreement(projection('r'), projection('r', { digestHash: 'e' }))).toBe('differs');
  });

  it('are not compared while no two stand at the same point', () => {
    const ahead = projection('r', { pointHash: 'q', digestHash: 'e' });
    expect(agreement(projection('r'), ahead)).toBe('moving');
  });

  it('need two that are live', () => {
    expect(agreement(projection('r'), projection('r', { state: 'paused' }))).toBe('alone');
  });

  it('carry the newest proof of their own node', () => {
    const job = (equal: boolean | null, at: string): JobFigures => ({
      ...{ jobId: at, kind: 'verify', projection: 'r', version: 1, state: 'done', done: 1 },
      ...{ total: 1, rate: 0, remainingMs: 0, reason: null, createdAt: at, finishedAt: at, equal },
    });
    const jobs = [job(null, '3'), job(true, '2'), job(false, '1')];
    const [view] = projectionViews(
      [report('n1', { projections: [projection('r')], jobs })],
      (_node, _name, absorbed) => absorbed + 5,
    );
    expect(view?.nodes[0]).toMatchObject({ verified: { equal: true, at: '2' }, rate: 5 });
  });
});
