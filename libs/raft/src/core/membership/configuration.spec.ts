import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nodeName } from '@metad/foundation';
import type { NodeName } from '@metad/foundation';
import type { ConfChange, ConfState } from '../entry.js';
import { changedConf, isJoint, isVoter, membersOf, votersOf } from './configuration.js';

const names = ['a', 'b', 'c', 'd', 'e'].map(nodeName);
const action = fc.constantFrom('addVoter' as const, 'addLearner' as const, 'remove' as const);
const step = fc.record({ action, node: fc.constantFrom(...names) });
const change: fc.Arbitrary<ConfChange> = fc.record({
  steps: fc.array(step, { maxLength: 4 }),
  autoLeave: fc.boolean(),
});
const first: ConfState = {
  voters: names.slice(0, 3),
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};

/** Every subset that is a majority of each half. */
function quorumsOf(conf: ConfState): readonly ReadonlySet<NodeName>[] {
  const isMajority = (voters: readonly NodeName[], set: ReadonlySet<NodeName>): boolean =>
    voters.length === 0 || voters.filter((voter) => set.has(voter)).length * 2 > voters.length;
  return Array.from({ length: 1 << names.length }, (_, bits) => {
    return new Set(names.filter((_name, at) => (bits >> at) & 1));
  }).filter((set) => isMajority(conf.voters, set) && isMajority(conf.votersOutgoing, set));
}

/** The configurations along a list of changes, refused ones left out. */
function follow(changes: readonly ConfChange[]): readonly ConfState[] {
  const confs = [first];
  for (const next of changes) {
    const conf = changedConf(confs[confs.length - 1] as ConfState, next);
    if (conf !== null) confs.push(conf);
  }
  return confs;
}

const isSortedSet = (list: readonly string[]): boolean =>
  list.every((name, at) => at === 0 || (list[at - 1] as string) < name);

describe('membership changes', () => {
  it('keep a quorum in common with the configuration before them', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), (changes) => {
        const confs = follow(changes);
        for (let at = 1; at < confs.length; at += 1) {
          for (const before of quorumsOf(confs[at - 1] as ConfState)) {
            for (const after of quorumsOf(confs[at] as ConfState)) {
              expect([...before].some((name) => after.has(name))).toBe(true);
            }
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it('leave a voter at all times, and nobody both voter and learner', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), (changes) => {
        for (const conf of follow(changes)) {
          const lists = [conf.voters, conf.votersOutgoing, conf.learners, conf.learnersNext];
          expect(lists.every(isSortedSet)).toBe(true);
          expect(conf.voters.length).toBeGreaterThan(0);
          expect(conf.learners.filter((name) => isVoter(conf, name))).toEqual([]);
          expect(conf.learnersNext.every((name) => conf.votersOutgoing.includes(name))).toBe(true);
          expect(conf.learnersNext.filter((name) => conf.voters.includes(name))).toEqual([]);
          expect(membersOf(conf)).toEqual(
            names.filter((name) => isVoter(conf, name) || conf.learners.includes(name)),
          );
          expect(votersOf(conf)).toEqual(names.filter((name) => isVoter(conf, name)));
        }
      }),
    );
  });

  it('go through a joint configuration exactly when they have several steps', () => {
    fc.assert(
      fc.property(change, (next) => {
        const conf = changedConf(first, next);
        if (conf !== null) expect(isJoint(conf)).toBe(next.steps.length > 1);
      }),
    );
  });

  it('end, after leaving, in the voters that were asked for', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 2, maxLength: 5 }), (steps) => {
        const joint = changedConf(first, { steps, autoLeave: true });
        if (joint === null) return;
        const final = changedConf(joint, { steps: [], autoLeave: false });
        const wanted = new Map(first.voters.map((name) => [name, 'addVoter']));
        for (const { action: what, node } of steps) wanted.set(node, what);
        const named = (what: string): readonly NodeName[] =>
          names.filter((name) => wanted.get(name) === what);
        expect(final?.voters).toEqual(named('addVoter'));
        expect(final?.learners).toEqual(named('addLearner'));
        expect(final && isJoint(final)).toBe(false);
      }),
    );
  });
});
