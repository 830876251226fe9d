export { MetadClient } from './metad-client.js';
export type { ClientOptions, CommandOptions, QueryOptions } from './client-options.js';
export type { OpenOptions } from './wire/open-connection.js';
export type { CallReport, ClientStatistics, RetryReport } from './call/call-statistics.js';
export { uuidV7 } from './call/uuid-v7.js';
export { commandPoint, queryPoint } from './routing/record-point.js';
export type { Commands, Queries, DataOf, ParamsOf, AnswerOf, ItemOf } from './kinds/catalog.js';
export { Watch } from './watch/watch.js';
export type {
  WatchFilter,
  WatchMessage,
  WatchOptions,
  WatchStanding,
  ChangeMessage,
  SnapshotMessage,
} from './watch/watch-types.js';
export { RecordCache } from './watch/record-cache.js';
export type { CacheOptions, CacheStanding } from './watch/record-cache.js';
export type { BatchEntry, KindName } from './kinds/any-kind.js';
export type { TenantRecord } from './kinds/tenant.js';
export type { ResourceRecord } from './kinds/resource.js';
export type { InstanceRecord, ServiceRecord } from './kinds/service-instance.js';
export type { Shard, ShardMapRecord } from './kinds/shard-map.js';
export type { Route, RouteMatch, RouteTarget, RoutingTableRecord } from './kinds/routing-table.js';
export { MetadError } from '@metad/contract';
export type { CommandReply, Expectation, ErrorCode } from '@metad/contract';
export { NatsRequester } from './wire/requester.js';
export type { RequestOutcome, RequesterOptions, UnsentReason } from './wire/requester.js';
export { readReply } from './wire/reply.js';
export type { ReplyValue } from './wire/reply.js';
export { ConnectionFollower } from './wire/connection-follower.js';
export type { ConnectionEvents } from './wire/connection-follower.js';
export { systemClock } from './wire/system-clock.js';
export type { WireConnection, WireMessage } from './wire/wire-connection.js';
