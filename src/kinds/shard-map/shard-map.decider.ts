import { accept, reject, sameContent } from '@metad/eventsourcing';
import type { Decider, Decision } from '@metad/eventsourcing';
import { compareBounds, findFault, isAbove, isBoundOf } from './keyspace.js';
import type {
  CreateShardMap,
  MergeShards,
  MoveShard,
  ShardMapCommand,
  SplitShard,
} from './shard-map.commands.js';
import {
  ShardMapCreated,
  ShardMapDropped,
  ShardMoved,
  ShardsMerged,
  ShardSplit,
} from './shard-map.events.js';
import type { ShardMapEvent } from './shard-map.events.js';
import type { Shard, ShardMapValue } from './shard-map.record.js';

type Verdict = Decision<ShardMapEvent>;

/**
 * Which shard holds which keys. A map is complete when it is created, and every later change keeps
 * the outer bounds of what it touches, so that it is complete at every version.
 */
export const shardMapDecider: Decider<ShardMapValue, ShardMapCommand, ShardMapEvent> = {
  decide({ value }, command) {
    if (command.name === 'CreateShardMap') return create(value, command.data);
    if (value === null) {
      const message = `there is no shard map ${command.data.map}`;
      return reject('NOT_FOUND', 'shard-map-exists', message);
    }
    switch (command.name) {
      case 'SplitShard':
        return split(value, command.data);
      case 'MergeShards':
        return merge(value, command.data);
      case 'MoveShard':
        return move(value, command.data);
      case 'DropShardMap':
        return accept(new ShardMapDropped({ map: value.map }));
    }
  },

  evolve(value, event) {
    if (event.type === 'ShardMapCreated') return event.data;
    if (value === null || event.type === 'ShardMapDropped') return null;
    return { ...value, shards: evolveShards(value.shards, event) };
  },
};

function create(value: ShardMapValue | null, data: CreateShardMap): Verdict {
  const shards = data.shards
    .map((shard): Shard => ({ ...shard, replicas: shard.replicas ?? [] }))
    .sort((a, b) => compareBounds(a.start, b.start));
  const created = { ...data, shards };
  if (value !== null) {
    if (sameContent(value, created)) return accept();
    const message = `shard map ${data.map} is there already; split, merge and move its shards`;
    return reject('RULE_VIOLATED', 'shard-map-created-once', message);
  }
  const repeated = findRepeated(shards);
  if (repeated !== null) return idTaken(repeated);
  const fault = findFault(data.keyspace, shards);
  if (fault !== null) return reject('RULE_VIOLATED', 'shards-cover-keyspace', fault);
  return accept(new ShardMapCreated(created));
}

function split(value: ShardMapValue, data: SplitShard): Verdict {
  const { map, shardId, at, newShardId } = data;
  const shard = shardOf(value, shardId);
  if (shard === null) return noShard(shardId);
  if (shardOf(value, newShardId) !== null) return idTaken(newShardId);
  const isInside =
    isBoundOf(value.keyspace, at) &&
    compareBounds(shard.start, at) < 0 &&
    at !== '' &&
    isAbove(shard.end, at);
  if (!isInside) {
    const message = `${JSON.stringify(at)} does not lie inside shard ${shardId}`;
    return reject('RULE_VIOLATED', 'split-inside-shard', message);
  }
  const node = data.node ?? shard.node;
  const replicas = data.replicas ?? (data.node === undefined ? shard.replicas : []);
  return accept(new ShardSplit({ map, shardId, at, newShardId, node, replicas }));
}

function merge(value: ShardMapValue, { map, into, from }: MergeShards): Verdict {
  const kept = value.shards.findIndex(({ shardId }) => shardId === into);
  const gone = value.shards.findIndex(({ shardId }) => shardId === from);
  if (kept < 0) return noShard(into);
  if (gone < 0) return noShard(from);
  if (Math.abs(kept - gone) !== 1) {
    const message = `shards ${into} and ${from} are not neighbours`;
    return reject('RULE_VIOLATED', 'merged-shards-are-neighbours', message);
  }
  return accept(new ShardsMerged({ map, into, from }));
}

function move(value: ShardMapValue, { map, shardId, node, replicas = [] }: MoveShard): Verdict {
  const shard = shardOf(value, shardId);
  if (shard === null) return noShard(shardId);
  if (shard.node === node && sameContent(shard.replicas, replicas)) return accept();
  return accept(new ShardMoved({ map, shardId, node, replicas }));
}

type ShardsEvent = Exclude<ShardMapEvent, ShardMapCreated | ShardMapDropped>;

function evolveShards(shards: readonly Shard[], event: ShardsEvent): Shard[] {
  switch (event.type) {
    case 'ShardSplit': {
      const { shardId, at, newShardId, node, replicas } = event.data;
      return shards.flatMap((shard) =>
        shard.shardId === shardId
          ? [
              { ...shard, end: at },
              { shardId: newShardId, start: at, end: shard.end, node, replicas },
            ]
          : [shard],
      );
    }
    case 'ShardsMerged':
      return mergeNeighbours(shards, event.data.into, event.data.from);
    case 'ShardMoved': {
      const { shardId, node, replicas } = event.data;
      return shards.map((shard) =>
        shard.shardId === shardId ? { ...shard, node, replicas } : shard,
      );
    }
  }
}

/** Told apart by their places: bounds alone cannot, as empty ones mean both ends. */
function mergeNeighbours(shards: readonly Shard[], into: string, from: string): Shard[] {
  const kept = shards.findIndex(({ shardId }) => shardId === into);
  const gone = shards.findIndex(({ shardId }) => shardId === from);
  const { start, end } = shards[gone] as Shard;
  const bounds = gone > kept ? { end } : { start };
  return shards.flatMap((shard, at) => {
    if (at === gone) return [];
    return [at === kept ? { ...shard, ...bounds } : shard];
  });
}

const shardOf = ({ shards }: ShardMapValue, shardId: string): Shard | null =>
  shards.find((shard) => shard.shardId === shardId) ?? null;

function findRepeated(shards: readonly Shard[]): string | null {
  const seen = new Set<string>();
  for (const { shardId } of shards) {
    if (seen.has(shardId)) return shardId;
    seen.add(shardId);
  }
  return null;
}

const noShard = (shardId: string): Verdict =>
  reject('NOT_FOUND', 'shard-exists', `the map has no shard ${shardId}`);

const idTaken = (shardId: string): Verdict =>
  reject('RULE_VIOLATED', 'shard-id-unique', `shard id ${shardId} is used twice`);
