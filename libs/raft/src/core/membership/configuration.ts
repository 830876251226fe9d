import type { NodeName } from '@metad/foundation';
import type { ConfChange, ConfState, ConfStep } from '../entry.js';

// Membership changes as pure functions over ConfState (thesis §4). A change takes effect when it
// is appended, not when it is committed: then a restarted replica needs no memory of what was
// committed to know whom it must ask, and two configurations in force at the same time always
// share a quorum.

export const isJoint = (conf: ConfState): boolean => conf.votersOutgoing.length > 0;

export const isVoter = (conf: ConfState, node: NodeName): boolean =>
  conf.voters.includes(node) || conf.votersOutgoing.includes(node);

const sorted = (nodes: Iterable<NodeName>): readonly NodeName[] => [...new Set(nodes)].sort();

/** Everybody who gets the log, sorted. */
export const membersOf = (conf: ConfState): readonly NodeName[] =>
  sorted([...conf.voters, ...conf.votersOutgoing, ...conf.learners]);

/** Everybody who votes, in either configuration, sorted. */
export const votersOf = (conf: ConfState): readonly NodeName[] =>
  isJoint(conf) ? sorted([...conf.voters, ...conf.votersOutgoing]) : conf.voters;

const without = (nodes: readonly NodeName[], node: NodeName): readonly NodeName[] =>
  nodes.filter((other) => other !== node);

function applyStep(conf: ConfState, step: ConfStep): ConfState {
  const { action, node } = step;
  const voters = without(conf.voters, node);
  const learners = without(conf.learners, node);
  const learnersNext = without(conf.learnersNext, node);
  if (action === 'addVoter') {
    return { ...conf, voters: sorted([...voters, node]), learners, learnersNext };
  }
  if (action === 'remove') return { ...conf, voters, learners, learnersNext };
  // An outgoing voter cannot be a learner at the same time: it becomes one on leaving.
  return conf.votersOutgoing.includes(node)
    ? { ...conf, voters, learners, learnersNext: sorted([...learnersNext, node]) }
    : { ...conf, voters, learners: sorted([...learners, node]), learnersNext };
}

const leaveJoint = (conf: ConfState): ConfState => ({
  voters: conf.voters,
  votersOutgoing: [],
  learners: sorted([...conf.learners, ...conf.learnersNext]),
  learnersNext: [],
  autoLeave: false,
});

/** The configuration after `change`, or null when it makes no sense from `conf`. */
export function changedConf(conf: ConfState, change: ConfChange): ConfState | null {
  if (change.steps.length === 0) return isJoint(conf) ? leaveJoint(conf) : null;
  if (isJoint(conf)) return null;
  const joint = change.steps.length > 1;
  const start = joint
    ? { ...conf, votersOutgoing: conf.voters, autoLeave: change.autoLeave }
    : conf;
  const result = change.steps.reduce(applyStep, start);
  return result.voters.length === 0 ? null : result;
}
