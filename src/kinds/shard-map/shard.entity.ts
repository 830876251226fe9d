import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One shard of a shard map, as SQL has it. */
@Entity({ name: 'shard', synchronize: false })
export class ShardEntity {
  @PrimaryColumn('text')
  namespace!: string;

  @PrimaryColumn('text')
  map!: string;

  @PrimaryColumn('text', { name: 'shard_id' })
  shardId!: string;

  @Column('text')
  keyspace!: string;

  @Column('text', { name: 'range_start' })
  rangeStart!: string;

  @Column('text', { name: 'range_end' })
  rangeEnd!: string;

  @Column('text')
  node!: string;

  @Column('text', { array: true })
  replicas!: string[];

  @Column('integer')
  partition!: number;
}
