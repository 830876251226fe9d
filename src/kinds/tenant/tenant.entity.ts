import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Where a tenant lives, as SQL has it. */
@Entity({ name: 'tenant', synchronize: false })
export class TenantEntity {
  @PrimaryColumn('text')
  namespace!: string;

  @PrimaryColumn('text', { name: 'tenant_id' })
  tenantId!: string;

  @Column('text')
  cell!: string;

  @Column('text', { nullable: true })
  node!: string | null;

  @Column('text', { nullable: true })
  tier!: string | null;

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
