import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Proposal, ProposalRow } from './proposal-row.js';

type Op = { readonly place: number } | { readonly take: number } | 'shift' | 'takeAll';

const index = fc.integer({ min: 1, max: 20 });
const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ place: index }) },
  { weight: 3, arbitrary: fc.record({ take: index }) },
  { weight: 1, arbitrary: fc.constantFrom('shift' as const, 'takeAll' as const) },
);

const observer = { applied: () => {}, dropped: () => {}, unknown: () => {} };
const proposalAt = (at: number): Proposal => {
  const proposal = new Proposal(new Uint8Array(0), observer, undefined, 0);
  proposal.index = at;
  return proposal;
};

function indexesOf(first: Proposal | null): number[] {
  const indexes: number[] = [];
  for (let at = first; at !== null; at = at.next) indexes.push(at.index);
  return indexes;
}

describe('a row of proposals', () => {
  it('behaves as a list sorted by index', () => {
    fc.assert(
      fc.property(fc.array(op, { maxLength: 100 }), (ops) => {
        const row = new ProposalRow();
        let model: number[] = [];
        for (const next of ops) {
          if (next === 'shift') {
            expect(row.shift()?.index).toBe(model.shift());
          } else if (next === 'takeAll') {
            expect(indexesOf(row.takeAll())).toEqual(model);
            model = [];
          } else if ('take' in next) {
            const has = model.includes(next.take);
            expect(row.at(next.take)?.index).toBe(has ? next.take : undefined);
            expect(row.take(next.take)?.index).toBe(has ? next.take : undefined);
            model = model.filter((at) => at !== next.take);
          } else if (!model.includes(next.place)) {
            row.place(proposalAt(next.place));
            model = [...model, next.place].sort((a, b) => a - b);
          }
          expect(indexesOf(row.first)).toEqual(model);
          expect(row.size).toBe(model.length);
        }
      }),
    );
  });

  it('keeps the order in which proposals without an index came', () => {
    const row = new ProposalRow();
    const [a, b] = [proposalAt(0), proposalAt(0)];
    row.push(a);
    row.push(b);
    expect([row.shift(), row.shift(), row.shift()]).toEqual([a, b, null]);
  });
});
