import type { ShardMapValue } from './shard-map.record.js';

export interface ShardMapNamed extends Readonly<Record<string, unknown>> {
  readonly map: string;
}

export interface ShardMoveData extends ShardMapNamed {
  readonly shardId: string;
  readonly node: string;
  readonly replicas: readonly string[];
}

export interface ShardSplitData extends ShardMapNamed {
  readonly shardId: string;
  /** Last bound of the shard that was split and first of the new one. */
  readonly at: number | string;
  readonly newShardId: string;
  readonly node: string;
  readonly replicas: readonly string[];
}

export interface ShardsMergedData extends ShardMapNamed {
  readonly into: string;
  readonly from: string;
}

/** The whole map. */
export class ShardMapCreated {
  readonly type = 'ShardMapCreated';
  constructor(readonly data: ShardMapValue) {}
}

/** A shard handed the keys from `at` on to a new one. */
export class ShardSplit {
  readonly type = 'ShardSplit';
  constructor(readonly data: ShardSplitData) {}
}

/** A shard took over all keys of its neighbour, which is gone. */
export class ShardsMerged {
  readonly type = 'ShardsMerged';
  constructor(readonly data: ShardsMergedData) {}
}

/** A shard lies on other nodes. */
export class ShardMoved {
  readonly type = 'ShardMoved';
  constructor(readonly data: ShardMoveData) {}
}

/** The map is gone. */
export class ShardMapDropped {
  readonly type = 'ShardMapDropped';
  constructor(readonly data: ShardMapNamed) {}
}

export type ShardMapEvent =
  ShardMapCreated | ShardSplit | ShardsMerged | ShardMoved | ShardMapDropped;

export const SHARD_MAP_EVENTS = [
  'ShardMapCreated',
  'ShardSplit',
  'ShardsMerged',
  'ShardMoved',
  'ShardMapDropped',
] as const satisfies readonly ShardMapEvent['type'][];
