import { Column, Entity, PrimaryColumn } from 'typeorm';
import { RecordEntity } from '../record.entity.js';

/** Which node runs a resource and who owns it, as SQL has it. */
@Entity({ name: 'resource', synchronize: false })
export class ResourceEntity extends RecordEntity {
  @PrimaryColumn('text')
  namespace!: string;

  @PrimaryColumn('text', { name: 'resource_id' })
  resourceId!: string;

  @PrimaryColumn('text', { name: 'tenant_id' })
  tenantId!: string;

  @Column('text')
  node!: string;

  @Column('text', { nullable: true })
  kind!: string | null;

  @Column('text', { nullable: true })
  owner!: string | null;

  /** Time to live of the ownership, ms from its last renewal. */
  @Column('bigint', { name: 'ttl_ms', nullable: true })
  ttlMs!: string | null;

  @Column('jsonb')
  labels!: Record<string, string>;
}
