import type { Random } from '@metad/foundation';
import type { Json } from '../check/json.js';
import type { RecordInput } from '../check/record-model.js';
import type { Kind, Subject } from './subject.js';

/** What a client remembers of a record: what it needs to state preconditions that may hold. */
export interface Remembered {
  version: number;
  owner: string | null;
}

type Command = { readonly command: string; readonly data: Json };
type Draw = (random: Random, names: Json, remembered: Remembered) => Command;

const readShare = 0.35;
const expectShare = 0.3;
const node = (random: Random): string => `node-${random.below(50)}`;
const owner = (random: Random): string => `owner-${random.below(3)}`;

const DRAW: { readonly [K in Kind]: Draw } = {
  tenant: (random, names) =>
    random.below(5) === 0
      ? { command: 'EvictTenant', data: names }
      : {
          command: 'PlaceTenant',
          data: { ...names, cell: `cell-${random.below(4)}`, node: node(random) },
        },
  resource: drawResource,
  instance: (random, names) =>
    random.below(4) === 0
      ? { command: 'DeregisterInstance', data: names }
      : {
          command: 'RegisterInstance',
          data: {
            ...names,
            address: `10.0.0.${random.below(250)}`,
            port: 1_024 + random.below(60_000),
            // Long enough that no run meets its end: leases have a check of their own.
            ttlMs: 86_400_000,
          },
        },
  'shard-map': drawShardMap,
  'routing-table': (random, names) => ({
    command: 'PutRoute',
    data: {
      ...names,
      routeId: `route-${random.below(3)}`,
      match: { host: `h${random.below(1_000_000)}.example` },
      targets: [{ backend: `b${random.below(5)}`, weight: 1 + random.below(100) }],
      priority: random.below(10),
    },
  }),
};

/** One operation: a read, or a command, some of them with a precondition that may fail. */
export function drawInput(
  random: Random,
  subject: Subject,
  remembered: Remembered,
  readable: boolean,
): RecordInput {
  if (readable && random.fraction() < readShare) return { kind: 'read' };
  const { command, data } = DRAW[subject.kind](random, subject.names, remembered);
  const base = { kind: 'command', commandId: uuid(random), command, data } as const;
  if (random.fraction() >= expectShare) return base;
  const stale = random.below(4) === 0 ? 1 : 0;
  const version = Math.max(0, remembered.version - stale);
  // There is no version 0: who knows of no record expects none.
  return { ...base, expect: version === 0 ? { absent: true } : { version } };
}

function drawResource(random: Random, names: Json, remembered: Remembered): Command {
  const from = remembered.owner ?? owner(random);
  switch (random.below(7)) {
    case 0:
    case 1:
      return { command: 'ClaimOwnership', data: { ...names, owner: owner(random) } };
    case 2:
      return { command: 'TransferOwnership', data: { ...names, from, to: owner(random) } };
    case 3:
      return { command: 'ReleaseOwnership', data: { ...names, owner: from } };
    case 4:
      return random.below(3) === 0
        ? { command: 'ReleaseResource', data: names }
        : { command: 'ClaimOwnership', data: { ...names, owner: owner(random) } };
    default:
      return { command: 'AssignResource', data: { ...names, node: node(random) } };
  }
}

function drawShardMap(random: Random, { map }: Json): Command {
  const half = 2 ** 31;
  switch (random.below(6)) {
    case 0:
      return { command: 'DropShardMap', data: { map } };
    case 1:
    case 2: {
      const shards = [
        { shardId: 'low', start: 0, end: half, node: node(random), replicas: [] },
        { shardId: 'high', start: half, end: 2 ** 32, node: node(random), replicas: [] },
      ];
      return { command: 'CreateShardMap', data: { map, keyspace: 'hash', shards } };
    }
    default: {
      const shardId = random.below(2) === 0 ? 'low' : 'high';
      return { command: 'MoveShard', data: { map, shardId, node: node(random) } };
    }
  }
}

/** A UUID of version 7 whose time is drawn as well: the same seed sends the same bytes. */
function uuid(random: Random): string {
  const hex = (digits: number): string =>
    random
      .below(16 ** digits)
      .toString(16)
      .padStart(digits, '0');
  return `0199${hex(4)}-${hex(4)}-7${hex(3)}-8${hex(3)}-${hex(6)}${hex(6)}`;
}
