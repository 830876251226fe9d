import type { KindDefinition } from '../kind.js';
import { SHARD_MAP_COMMANDS } from './shard-map.commands.js';
import { shardMapDecider } from './shard-map.decider.js';
import { SHARD_MAP_EVENTS } from './shard-map.events.js';
import { SHARD_MAP } from './shard-map.record.js';
import type { ShardMapValue } from './shard-map.record.js';

export const SHARD_MAP_KIND: KindDefinition<ShardMapValue> = {
  kind: SHARD_MAP,
  commands: SHARD_MAP_COMMANDS,
  decider: shardMapDecider,
  events: SHARD_MAP_EVENTS,
  idOf: (key) => key,
};
