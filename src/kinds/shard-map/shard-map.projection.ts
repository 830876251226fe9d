import { EventsHandler } from '@nestjs/cqrs';
import type { StoredRecord } from '@metad/eventsourcing';
import {
  canonicalJson,
  Projection,
  RecordProjection,
  type Row,
  type TableShape,
} from '@metad/projection';
import {
  ShardMapCreated,
  ShardMapDropped,
  ShardMoved,
  ShardsMerged,
  ShardSplit,
} from './shard-map.events.js';
import { SHARD_MAP, type ShardMapValue } from './shard-map.record.js';

/** Rows carry nothing of the whole map: a change of one shard rewrites that shard's row alone. */
export const SHARD_TABLE: TableShape = {
  name: 'shard',
  keyColumns: 3,
  writes: 'upsert',
  columns: [
    { name: 'namespace', type: 'text' },
    { name: 'map', type: 'text' },
    { name: 'shard_id', type: 'text' },
    { name: 'keyspace', type: 'text' },
    { name: 'range_start', type: 'text' },
    { name: 'range_end', type: 'text' },
    { name: 'node', type: 'text' },
    { name: 'replicas', type: 'textArray' },
  ],
};

/** Shards of all shard maps, one row each. */
@Projection({ name: 'shard', tables: [SHARD_TABLE] })
@EventsHandler(ShardMapCreated, ShardSplit, ShardsMerged, ShardMoved, ShardMapDropped)
export class ShardProjection extends RecordProjection<ShardMapValue> {
  protected readonly kind = SHARD_MAP;
  protected readonly table = SHARD_TABLE;

  protected rows({ namespace, value }: StoredRecord<ShardMapValue>): readonly Row[] {
    const { map, keyspace } = value;
    return value.shards.map(({ shardId, start, end, node, replicas }) => [
      ...[namespace, map, shardId, keyspace, String(start), String(end), node],
      canonicalJson(replicas),
    ]);
  }
}
