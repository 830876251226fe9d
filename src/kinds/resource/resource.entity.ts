import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Which node runs a resource and who owns it, as SQL has it. */
@Entity({ name: 'resource', synchronize: false })
export class ResourceEntity {
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
