import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nodeName } from '@metad/foundation';
import type { NodeName } from '@metad/foundation';
import type { ConfState } from '../entry.js';
import { quorumReached, voteResult } from './quorum.js';

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(nodeName);
const someNames = fc.subarray(names, { minLength: 1 });
const conf = fc.record({
  voters: someNames,
  votersOutgoing: fc.subarray(names),
  learners: fc.constant([]),
  learnersNext: fc.constant([]),
  autoLeave: fc.constant(false),
});
const values = fc.array(fc.nat(20), { minLength: names.length, maxLength: names.length });

const asMap = <T>(list: readonly T[]): Map<NodeName, T> =>
  new Map(names.map((name, at) => [name, list[at] as T]));

const isMajority = (voters: readonly NodeName[], has: (voter: NodeName) => boolean): boolean =>
  voters.filter(has).length * 2 > voters.length;

/** By the definition: a majority of each half. */
const isQuorum = (state: ConfState, has: (voter: NodeName) => boolean): boolean =>
  isMajority(state.voters, has) &&
  (state.votersOutgoing.length === 0 || isMajority(state.votersOutgoing, has));

describe('quorums', () => {
  it('reach the largest value that a quorum has, and no larger one', () => {
    fc.assert(
      fc.property(conf, values, (state, list) => {
        const peers = asMap(list);
        const reached = quorumReached(state, (voter) => peers.get(voter) ?? 0);
        expect(isQuorum(state, (voter) => (peers.get(voter) ?? 0) >= reached)).toBe(true);
        expect(isQuorum(state, (voter) => (peers.get(voter) ?? 0) >= reached + 1)).toBe(false);
      }),
    );
  });

  it('are won by a quorum of grants, lost when none is possible any more, else open', () => {
    const votes = fc.array(fc.constantFrom(true, false, undefined), {
      minLength: names.length,
      maxLength: names.length,
    });
    fc.assert(
      fc.property(conf, votes, (state, list) => {
        const cast = new Map([...asMap(list)].filter(([, vote]) => vote !== undefined)) as Map<
          NodeName,
          boolean
        >;
        const won = isQuorum(state, (voter) => cast.get(voter) === true);
        const possible = isQuorum(state, (voter) => cast.get(voter) !== false);
        const expected = won ? 'won' : possible ? 'pending' : 'lost';
        expect(voteResult(state, cast)).toBe(expected);
      }),
    );
  });
});
