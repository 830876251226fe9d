import { sameContent } from '@metad/eventsourcing';
import type { Member, SystemCommand, SystemResult, SystemState } from './system-state.js';

/** The state after a system command, or why it is refused. Pure. */
export type SystemDecision =
  | { readonly state: SystemState; readonly refusal: null }
  | { readonly state: null; readonly refusal: SystemResult & { accepted: false } };

type CommandOf<T extends SystemCommand['type']> = Extract<SystemCommand, { type: T }>;

export function decideSystem(state: SystemState | null, command: SystemCommand): SystemDecision {
  if (command.type === 'InitCluster') return initCluster(state, command);
  if (state === null) return refuse('cluster-exists', 'this cluster has not begun yet');
  switch (command.type) {
    case 'RegisterNode':
      return registerNode(state, command);
    case 'SetMember':
      return setMember(state, command);
    case 'RemoveMember':
      return removeMember(state, command);
    case 'ReplaceMap':
      return replaceMap(state, command);
    case 'RaiseFeatureLevel':
      return raiseLevel(state, command);
    case 'BeginIncarnation':
      return beginIncarnation(state, command);
  }
}

function initCluster(state: SystemState | null, command: CommandOf<'InitCluster'>): SystemDecision {
  if (state !== null) return refuse('cluster-begins-once', 'this cluster has begun already');
  const { clusterId, incarnation, members, map, featureLevel = 1 } = command;
  const voters = members.map((node): Member => ({ node, role: 'voter' }));
  return becomes({
    clusterId,
    incarnation,
    featureLevel,
    members: sortMembers(voters),
    identities: {},
    map,
  });
}

/** A name keeps the first disk it came with: an emptied one must not vote under the old name. */
function registerNode(state: SystemState, command: CommandOf<'RegisterNode'>): SystemDecision {
  const { node, identity } = command;
  const known = Object.hasOwn(state.identities, node) ? state.identities[node] : undefined;
  if (known === identity) return becomes(state);
  if (known !== undefined) {
    const message = `${node} is registered with another data directory: start it with that one`;
    return refuse('node-has-one-disk', message);
  }
  return becomes({ ...state, identities: { ...state.identities, [node]: identity } });
}

function setMember(state: SystemState, { node, role }: CommandOf<'SetMember'>): SystemDecision {
  const others = state.members.filter((member) => member.node !== node);
  if (role !== 'voter' && !others.some((member) => member.role === 'voter')) {
    return refuse('cluster-keeps-a-voter', `${node} is the last voter`);
  }
  return becomes({ ...state, members: sortMembers([...others, { node, role }]) });
}

function removeMember(state: SystemState, { node }: CommandOf<'RemoveMember'>): SystemDecision {
  const holds = state.map.partitions.filter(
    ({ voters, learners }) => includes(voters, node) || includes(learners, node),
  );
  if (holds.length > 0) {
    const message = `${node} still holds replicas of ${holds.length} partitions; move them first`;
    return refuse('member-holds-nothing', message);
  }
  const members = state.members.filter((member) => member.node !== node);
  if (!members.some((member) => member.role === 'voter')) {
    return refuse('cluster-keeps-a-voter', `${node} is the last voter`);
  }
  const others = Object.entries(state.identities).filter(([name]) => name !== node);
  return becomes({ ...state, members, identities: Object.fromEntries(others) });
}

/** Two changes made from the same map cannot both win. */
function replaceMap(state: SystemState, command: CommandOf<'ReplaceMap'>): SystemDecision {
  const { from, map } = command;
  if (sameContent(state.map, map)) return becomes(state);
  if (state.map.generation !== from || map.generation <= from) {
    const message = `the map is of generation ${state.map.generation}, not ${from}; begin again`;
    return refuse('map-moves-on', message);
  }
  return becomes({ ...state, map });
}

function raiseLevel(state: SystemState, { level }: CommandOf<'RaiseFeatureLevel'>): SystemDecision {
  if (level < state.featureLevel) {
    return refuse('level-never-falls', `the feature level is ${state.featureLevel} already`);
  }
  return becomes({ ...state, featureLevel: level });
}

function beginIncarnation(
  state: SystemState,
  { from, incarnation }: CommandOf<'BeginIncarnation'>,
): SystemDecision {
  if (state.incarnation === incarnation) return becomes(state);
  if (state.incarnation !== from) {
    return refuse('incarnation-follows', `the incarnation is ${state.incarnation}, not ${from}`);
  }
  return becomes({ ...state, incarnation });
}

const becomes = (state: SystemState): SystemDecision => ({ state, refusal: null });

const refuse = (rule: string, message: string): SystemDecision => ({
  state: null,
  refusal: { accepted: false, rule, message },
});

const includes = (nodes: readonly string[], node: string): boolean => nodes.includes(node);

const sortMembers = (members: readonly Member[]): Member[] =>
  [...members].sort((a, b) => (a.node < b.node ? -1 : 1));
