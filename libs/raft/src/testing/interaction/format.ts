import type { ConfChange, ConfState, Entry, Message, ReplicaStatus } from '../../core/index.js';

// How an interaction script shows things. An entry is `index@term` and what it holds; an append is
// anchored by the entry before it; a status is one line per replica.

const decoder = new TextDecoder();

export function showChange(change: ConfChange): string {
  if (change.steps.length === 0) return 'leave';
  const marks = { addVoter: '+', addLearner: '~', remove: '-' };
  const steps = change.steps.map(({ action, node }) => `${marks[action]}${node}`).join(' ');
  return change.steps.length > 1 && !change.autoLeave ? `${steps} manual` : steps;
}

export function showEntry(entry: Entry): string {
  const at = `${entry.index}@${entry.term}`;
  if (entry.change !== null) return `${at} conf(${showChange(entry.change)})`;
  return entry.kind === 'noop' ? `${at} noop` : `${at} ${decoder.decode(entry.data)}`;
}

export function showConf(conf: ConfState): string {
  const parts = [conf.voters.join(' ')];
  if (conf.votersOutgoing.length > 0) parts.push(`leaving ${conf.votersOutgoing.join(' ')}`);
  if (conf.learners.length > 0) parts.push(`learners ${conf.learners.join(' ')}`);
  if (conf.learnersNext.length > 0) parts.push(`learners next ${conf.learnersNext.join(' ')}`);
  return parts.join(', ');
}

const showRound = (round: number): string => (round > 0 ? ` read=${round}` : '');

function showBody(message: Message): string {
  switch (message.kind) {
    case 'vote':
    case 'preVote':
      return ` last=${message.lastIndex}@${message.lastTerm}${message.transfer ? ' transfer' : ''}`;
    case 'voteResponse':
    case 'preVoteResponse':
      return message.granted ? ' granted' : ' refused';
    case 'append': {
      const entries = message.entries.map(showEntry).join(', ');
      const after = `${message.prevIndex}@${message.prevTerm}`;
      return ` after=${after} commit=${message.commit} [${entries}]`;
    }
    case 'appendResponse':
      return message.rejected
        ? ` rejected after=${message.index} hint=${message.hintIndex}@${message.hintTerm}`
        : ` match=${message.index}`;
    case 'commit':
      return ` commit=${message.commit}`;
    case 'heartbeat':
      return ` commit=${message.commit}${showRound(message.readRound)}`;
    case 'heartbeatResponse':
      return showRound(message.readRound);
    case 'installSnapshot': {
      const { index, term, conf } = message.snapshot;
      return ` ${index}@${term} (${showConf(conf)})`;
    }
    case 'readIndex':
      return ` context=${message.context}`;
    case 'readIndexResponse':
      return ` context=${message.context} index=${message.index}`;
    case 'timeoutNow':
      return '';
  }
}

export const showMessage = (message: Message): string =>
  `${message.from}→${message.to} ${message.kind} term=${message.term}${showBody(message)}`;

export function showStatus(status: ReplicaStatus, lastTerm: number | null): string {
  const progress = [...status.progress]
    .filter(([name]) => name !== status.self)
    .map(([name, { match, next, state, learner }]) => {
      const mark = state === 'replicate' ? '' : `(${state})`;
      return `${name}:${match}→${next}${mark}${learner ? '(learner)' : ''}`;
    });
  const parts = [
    `${status.self}@${status.term} ${status.role}`,
    `last=${status.lastIndex}@${lastTerm ?? '?'}`,
    `commit=${status.commit}`,
    `applied=${status.applied}`,
  ];
  if (status.role === 'follower') parts.push(`leader=${status.leader ?? '-'}`);
  if (status.transferTarget !== null) parts.push(`transfer=${status.transferTarget}`);
  return [...parts, ...progress].join(' ');
}
