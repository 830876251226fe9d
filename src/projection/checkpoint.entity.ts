import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How far the live tables of a projection have absorbed one partition. */
@Entity({ name: 'checkpoint', synchronize: false })
export class CheckpointEntity {
  @PrimaryColumn('text')
  projection!: string;

  @PrimaryColumn('integer')
  partition!: number;

  @Column('integer')
  version!: number;

  /** Log index of the last absorbed entry, as text: `bigint`. */
  @Column('bigint')
  index!: string;

  @Column('bigint')
  term!: string;

  @Column('text')
  incarnation!: string;

  /** Log time of that entry. */
  @Column('timestamptz', { name: 'log_time' })
  logTime!: Date;

  /** Order-independent digest of the partition's rows at that index. */
  @Column('text')
  digest!: string;

  @Column('bigint', { name: 'row_count' })
  rowCount!: string;

  /** The checkpoint as a position, as in replies. */
  @Column('text')
  position!: string;
}
