import type {
  NodeView,
  PartitionView,
  Problem,
  ProjectionView,
  SnapshotHead,
} from '../../cluster/snapshot.js';
import { plural } from '../dom/format.js';
import type { Tone } from '../dom/parts.js';

/** How bad each problem of a partition is, and what to call it. */
export const PROBLEM_WORDS: Readonly<
  Record<Problem, { readonly tone: 'bad' | 'warn'; readonly word: string; readonly why: string }>
> = {
  diverged: {
    tone: 'bad',
    word: 'Diverged',
    why: 'two replicas hold different state at the same index',
  },
  'no-leader': { tone: 'bad', word: 'No leader', why: 'commands wait until one is elected' },
  'replica-stopped': {
    tone: 'bad',
    word: 'Replica stopped',
    why: 'a replica no longer votes: see its reason',
  },
  'no-quorum-margin': {
    tone: 'warn',
    word: 'No margin',
    why: 'one more node away and no command is accepted',
  },
  'replica-away': { tone: 'warn', word: 'Replica away', why: 'its node does not answer' },
  'replica-installing': {
    tone: 'warn',
    word: 'Restoring',
    why: 'a replica is being filled from a snapshot',
  },
  lagging: { tone: 'warn', word: 'Lagging', why: 'a replica is far behind the commit index' },
};

export function partitionTone({ problems }: PartitionView): Tone {
  const tones = problems.map((problem) => PROBLEM_WORDS[problem].tone);
  return tones.includes('bad') ? 'bad' : tones.length > 0 ? 'warn' : 'ok';
}

export const nodeTone = ({ state, figures }: NodeView): Tone => {
  if (state === 'absent' || state === 'silent') return 'bad';
  if (state === 'unknown') return '';
  const isWell = figures?.phase === 'serving' && figures.broker && !figures.storageFull;
  return isWell && figures.logFault === null ? 'ok' : 'warn';
};

export const NODE_WORDS = { up: 'Up', silent: 'Silent', absent: 'Down', unknown: 'Unknown' };

const PROJECTION_TONES: Readonly<Record<ProjectionView['nodes'][number]['state'], Tone>> = {
  ...{ live: 'ok', paused: 'warn', connecting: 'warn', waiting: 'warn', detached: 'warn' },
  ...{ foreign: 'warn', fenced: 'bad', halted: 'bad' },
};
export const projectionTone = (state: keyof typeof PROJECTION_TONES): Tone =>
  PROJECTION_TONES[state];

export interface Trouble {
  readonly tone: 'bad' | 'warn';
  readonly text: string;
  readonly href: string;
}

/** Everything that wants an eye on it, the worst first. */
export function troubles(head: SnapshotHead, partitions: Iterable<PartitionView>): Trouble[] {
  const found = [
    ...partitionTroubles([...partitions]),
    ...head.nodes.flatMap(nodeTroubles),
    ...head.projections.flatMap(projectionTroubles),
  ];
  return found.sort((a, b) => (a.tone === b.tone ? 0 : a.tone === 'bad' ? -1 : 1));
}

function partitionTroubles(partitions: readonly PartitionView[]): Trouble[] {
  return (Object.keys(PROBLEM_WORDS) as Problem[]).flatMap((problem) => {
    const hit = partitions.filter(({ problems }) => problems.includes(problem));
    if (hit.length === 0) return [];
    const { tone, word, why } = PROBLEM_WORDS[problem];
    const names = hit.slice(0, 6).map(({ partition }) => String(partition));
    const which = hit.length > 6 ? `${names.join(', ')} and more` : names.join(', ');
    const text = `${word} in ${plural(hit.length, 'partition')} (${which}): ${why}.`;
    return [{ tone, text, href: '#/partitions' }];
  });
}

function nodeTroubles({ node, state, figures }: NodeView): Trouble[] {
  const say = (tone: Trouble['tone'], text: string): Trouble[] => [
    { tone, text: `${node} ${text}`, href: '#/overview' },
  ];
  if (state === 'absent') return say('bad', 'is down: nobody answers under its name.');
  if (state === 'silent') return say('bad', 'does not answer in time.');
  if (figures === null) return [];

  if (figures.phase !== 'serving') return say('warn', `is ${figures.phase}.`);
  if (!figures.broker) return say('bad', 'has lost the broker.');
  if (figures.storageFull) return say('bad', 'takes only removals: its disk is nearly full.');
  if (figures.logFault !== null) return say('warn', `cannot clean its log: ${figures.logFault}`);
  return [];
}

function projectionTroubles({ name, agreement, nodes }: ProjectionView): Trouble[] {
  const href = '#/projections';
  const found: Trouble[] = nodes
    .filter(({ state }) => state !== 'live')
    .map(({ node, state, reason }) => ({
      tone: projectionTone(state) === 'bad' ? 'bad' : 'warn',
      text: `Projection ${name} on ${node} is ${state}${reason === null ? '' : `: ${reason}`}.`,
      href,
    }));
  for (const { node, verified } of nodes) {
    if (verified?.equal !== false) continue;
    const text = `Projection ${name} on ${node} differs from the state machine.`;
    found.push({ tone: 'bad', text, href });
  }
  if (agreement === 'differs') {
    found.push({ tone: 'bad', text: `Projection ${name} differs between nodes.`, href });
  }
  return found;
}

/** How the cluster stands, in one sentence. */
export function headline(head: SnapshotHead, partitions: readonly PartitionView[]): string {
  const leaderless = partitions.filter(({ leader }) => leader === null).length;
  const down = head.nodes.filter(({ state }) => state === 'absent' || state === 'silent');
  const names = down.map(({ node }) => node).join(', ');
  const are = down.length === 1 ? 'is' : 'are';
  if (leaderless > 0) {
    const what = plural(leaderless, 'partition has', 'partitions have');
    return `${what} no leader${down.length > 0 ? `; ${names} ${are} down` : ''}`;
  }
  if (down.length > 0) return `${names} ${are} down; every partition still has a leader`;
  const found = troubles(head, partitions);
  if (found.some(({ tone }) => tone === 'bad')) return 'Something is wrong';
  return found.length > 0 ? 'Serving, with something to look at' : 'Everything is in order';
}
