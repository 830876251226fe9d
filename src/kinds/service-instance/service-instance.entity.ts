import { Column, Entity, PrimaryColumn } from 'typeorm';
import { RecordEntity } from '../record.entity.js';

/** A running instance of a service, as SQL has it. */
@Entity({ name: 'service_instance', synchronize: false })
export class ServiceInstanceEntity extends RecordEntity {
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
}
