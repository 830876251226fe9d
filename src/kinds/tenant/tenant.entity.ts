import { Column, Entity, PrimaryColumn } from 'typeorm';
import { RecordEntity } from '../record.entity.js';

/** Where a tenant lives, as SQL has it. */
@Entity({ name: 'tenant', synchronize: false })
export class TenantEntity extends RecordEntity {
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
}
