import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One change of one record, with its cause and how long it was valid. */
@Entity({ name: 'history', synchronize: false })
export class HistoryEntity {
  @PrimaryColumn('text')
  kind!: string;

  @PrimaryColumn('text')
  namespace!: string;

  @PrimaryColumn('text', { name: 'record_key' })
  recordKey!: string;

  @PrimaryColumn('integer')
  partition!: number;

  /** Log index of the change, as text: `bigint`. */
  @PrimaryColumn('bigint', { name: 'valid_from_index' })
  validFromIndex!: string;

  /** Place among the changes of one entry. */
  @PrimaryColumn('integer')
  step!: number;

  @Column('text', { name: 'record_id' })
  recordId!: string;

  @Column('timestamptz', { name: 'valid_from' })
  validFrom!: Date;

  /** Null for the present state. */
  @Column('timestamptz', { name: 'valid_to', nullable: true })
  validTo!: Date | null;

  /** Name of the event. */
  @Column('text')
  type!: string;

  /** Null when the record is gone. */
  @Column('bigint', { nullable: true })
  version!: string | null;

  @Column('json')
  data!: Record<string, unknown>;

  /** The record's value after the change. */
  @Column('json', { nullable: true })
  record!: Record<string, unknown> | null;

  @Column('text', { nullable: true })
  command!: string | null;

  @Column('text', { name: 'command_id', nullable: true })
  commandId!: string | null;

  @Column('text', { nullable: true })
  actor!: string | null;

  @Column('text', { nullable: true })
  reason!: string | null;
}
