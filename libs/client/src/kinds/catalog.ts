import type { QueryReply } from '@metad/contract';
import type { AnyKindCommands, AnyKindQueries } from './any-kind.js';
import type { ResourceCommands, ResourceQueries, ResourceRecord } from './resource.js';
import type {
  RoutingTableCommands,
  RoutingTableQueries,
  RoutingTableRecord,
} from './routing-table.js';
import type { InstanceCommands, InstanceQueries, InstanceRecord } from './service-instance.js';
import type { ShardMapCommands, ShardMapQueries, ShardMapRecord } from './shard-map.js';
import type { TenantCommands, TenantQueries, TenantRecord } from './tenant.js';

/** Every command that this version of the library knows, with the shape of its `data`. */
export interface Commands
  extends
    TenantCommands,
    ResourceCommands,
    InstanceCommands,
    ShardMapCommands,
    RoutingTableCommands,
    AnyKindCommands {}

/** Every query that this version knows: its `params`, and its `item` or `items`. */
export interface Queries
  extends
    TenantQueries,
    ResourceQueries,
    InstanceQueries,
    ShardMapQueries,
    RoutingTableQueries,
    AnyKindQueries {}

type Plain = Readonly<Record<string, unknown>>;

/** The `data` of a known command exactly; of any other name a plain object. */
export type DataOf<Name extends string> = Name extends keyof Commands ? Commands[Name] : Plain;

export type ParamsOf<Name extends string> = Name extends keyof Queries
  ? Queries[Name]['params']
  : Plain;

type Standing = Pick<QueryReply, 'position' | 'lagMs'>;

/** What a query answers: one item (else it throws NOT_FOUND), or a page of items. */
export type AnswerOf<Name extends string> = Name extends keyof Queries
  ? Queries[Name] extends { item: infer Item }
    ? Standing & { readonly item: Item }
    : Queries[Name] extends { items: infer Item }
      ? Standing & { readonly items: readonly Item[]; readonly cursor?: string }
      : never
  : QueryReply;

/** What a list query yields one by one. */
export type ItemOf<Name extends string> = Name extends keyof Queries
  ? Queries[Name] extends { items: infer Item }
    ? Item
    : never
  : Plain;

/** The records of each kind. */
export interface KindRecords {
  tenant: TenantRecord;
  resource: ResourceRecord;
  instance: InstanceRecord;
  'shard-map': ShardMapRecord;
  'routing-table': RoutingTableRecord;
}
