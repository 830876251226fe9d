import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One route of a routing table, as SQL has it. */
@Entity({ name: 'route', synchronize: false })
export class RouteEntity {
  @PrimaryColumn('text')
  namespace!: string;

  @PrimaryColumn('text', { name: 'table_name' })
  tableName!: string;

  @PrimaryColumn('text', { name: 'route_id' })
  routeId!: string;

  @Column('text', { nullable: true })
  host!: string | null;

  @Column('text', { name: 'path_prefix', nullable: true })
  pathPrefix!: string | null;

  @Column('jsonb', { nullable: true })
  headers!: Record<string, string> | null;

  @Column('jsonb')
  targets!: { readonly backend: string; readonly weight: number }[];

  @Column('text', { array: true })
  backends!: string[];

  @Column('integer')
  priority!: number;

  @Column('integer')
  partition!: number;
}
