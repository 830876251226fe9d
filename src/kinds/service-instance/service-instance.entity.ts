import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A running instance of a service, as SQL has it. */
@Entity({ name: 'service_instance', synchronize: false })
export class ServiceInstanceEntity {
  @PrimaryColumn('text')
  namespace!: string;

  @PrimaryColumn('text')
  service!: string;

  @PrimaryColumn('text', { name: 'instance_id' })
  instanceId!: string;

  @Column('text')
  address!: string;

  @Column('integer')
  port!: number;

  @Column('text', { nullable: true })
  zone!: string | null;

  @Column('text', { array: true })
  tags!: string[];

  @Column('jsonb')
  metadata!: Record<string, string>;

  /** Time to live in ms, from the last renewal. */
  @Column('bigint', { name: 'ttl_ms' })
  ttlMs!: string;

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
