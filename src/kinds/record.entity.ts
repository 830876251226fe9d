import { Column } from 'typeorm';

/** The columns that every table of whole records has (`RECORD_COLUMNS`), as entities show them. */
export abstract class RecordEntity {
  /** As text: `bigint`. */
  @Column('bigint')
  version!: string;

  /** Log index of the change that granted the ownership. */
  @Column('bigint', { nullable: true })
  fence!: string | null;

  /** Log time. */
  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  /** Log time. */
  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;

  /** Log index of the last change, as text: `bigint`. */
  @Column('bigint')
  index!: string;

  @Column('integer')
  partition!: number;
}
