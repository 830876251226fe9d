import {
  ALL_NAMESPACES,
  formatPosition,
  formatPositions,
  LIMITS,
  MetadError,
  type QueryReply,
  type QueryRequest,
} from '@metad/contract';
import type { PartitionId } from '@metad/foundation';
import { movedError } from '../consensus/proposal-outcome.js';
import { Freshness } from './freshness.js';
import { pageStatement, projectionOf, readPage } from './page/page-reader.js';
import { parseRequest, type CheckedRequest } from './query-request.js';
import type { QueryCatalog } from './query-catalog.js';
import type {
  ListQuery,
  OutcomeQuery,
  RecordQuery,
  RowQuery,
} from './definition/query-definition.js';
import type { ReadBarrier, ReadModel, RecordLookup } from './query-ports.js';

export interface QueryServiceOptions {
  /** How long a query waits to be as fresh as it was asked to be. */
  readonly waitMs: number;
}

/**
 * Answers queries: checks the request, waits until this node is as fresh as was asked, then reads
 * from memory (one record by key) or from SQL (lists). The reply's position is what the answer
 * holds at least; it is taken before reading.
 */
export class QueryService {
  private readonly freshness: Freshness;

  constructor(
    private readonly catalog: QueryCatalog,
    private readonly lookup: RecordLookup,
    private readonly barrier: ReadBarrier,
    /** Null when the node runs without SQL projections. */
    private readonly model: ReadModel | null,
    options: QueryServiceOptions = { waitMs: 5_000 },
  ) {
    this.freshness = new Freshness(barrier, options.waitMs);
  }

  /**
   * Throws UNKNOWN_QUERY, INVALID_ARGUMENT naming fields, NOT_FOUND for what a look-up does not
   * find, POSITION_NOT_REACHED, INCARNATION_CHANGED, NO_LEADER, RESTORING. Asked `at` the subject
   * of one partition's leader it answers only look-ups, and throws PARTITION_MOVED for those that
   * belong elsewhere.
   */
  async execute(
    namespace: string,
    name: string,
    request: QueryRequest,
    at: PartitionId | null = null,
  ): Promise<QueryReply> {
    const query = this.catalog.find(name);
    if (!query) throw this.unknownQuery(name);
    if (at !== null && query.mode !== 'record' && query.mode !== 'outcome') throw noLookUp(name);
    const checked = parseRequest(namespace, query.params, request);
    switch (query.mode) {
      case 'record':
        return this.record(query, checked, at);
      case 'list':
        return this.list(query, checked);
      case 'row':
        return this.row(query, checked);
      case 'outcome':
        return this.outcome(query, checked, at);
      case 'events':
        throw this.unknownQuery(name); // The stage that answers it is not there.
    }
  }

  private async record(
    query: RecordQuery,
    request: CheckedRequest,
    at: PartitionId | null,
  ): Promise<QueryReply> {
    const { namespace } = request;
    oneNamespace(namespace, query.name);
    const params = request.params as never;
    const { key, prefix } = query.routing(namespace, params);
    const partition = this.lookup.partitionOf(key, prefix);
    this.mustOwn(at, [partition]);
    await this.freshness.memory(partition, request);
    const record = this.lookup.find(partition, query.kind, namespace, query.key(params));
    const answer =
      record && (query.answer ? query.answer(record, params) : this.lookup.bodyOf(record));
    if (!answer) {
      const message = `no such ${query.kind} in ${namespace}`;
      throw new MetadError('NOT_FOUND', message, { kind: query.kind, key: query.key(params) });
    }
    return { item: answer, ...this.standing(partition) };
  }

  private async outcome(
    query: OutcomeQuery,
    request: CheckedRequest,
    at: PartitionId | null,
  ): Promise<QueryReply> {
    oneNamespace(request.namespace, query.name);
    const { commandId, key } = request.params as { commandId: string; key: string };
    // A routing key does not tell how its kind hashes it: the two partitions it can be in are
    // asked.
    const candidates = [this.lookup.partitionOf(key, false), this.lookup.partitionOf(key, true)];
    const partitions = [...new Set(candidates)];
    this.mustOwn(at, partitions);
    for (const partition of partitions) await this.freshness.memory(partition, request);
    for (const partition of partitions) {
      const item = await this.lookup.outcomeOf(partition, request.namespace, commandId);
      if (item) return { item, ...this.standing(partition) };
    }
    const message = `command ${commandId} is not remembered under this key`;
    throw new MetadError('NOT_FOUND', message, { commandId, key });
  }

  private async list(query: ListQuery, request: CheckedRequest): Promise<QueryReply> {
    const model = this.readModel();
    this.freshness.checkMoments(query, request);
    const projection = projectionOf(query, request.params);
    const standing = await this.tablesStanding(model, projection, request);
    const { limit = LIMITS.pageItemsMax, cursor } = request;
    const page = await readPage(model, query, { ...request, limit, cursor });
    return { ...page, ...standing };
  }

  private async row(query: RowQuery, request: CheckedRequest): Promise<QueryReply> {
    const model = this.readModel();
    oneNamespace(request.namespace, query.name);
    this.freshness.checkMoments(query, request);
    const projection = projectionOf(query, request.params);
    const standing = await this.tablesStanding(model, projection, request);
    const { text, values } = pageStatement(query, request, null, 1);
    const [row] = await model.select(projection, text, values);
    const item = row ? query.toItem(row, request.params as never) : null;
    if (!item) throw new MetadError('NOT_FOUND', `nothing was found in ${request.namespace}`, {});
    return { item, ...standing };
  }

  /** `at` is the partition that was asked for; null when any was. */
  private mustOwn(at: PartitionId | null, owners: readonly PartitionId[]): void {
    const [owner] = owners;
    if (at === null || owner === undefined || owners.includes(at)) return;
    throw movedError(owner, this.lookup.mapGeneration());
  }

  private unknownQuery(name: string): MetadError {
    const known = this.catalog.names();
    return new MetadError('UNKNOWN_QUERY', `no query ${name.slice(0, 64)}`, { known });
  }

  private readModel(): ReadModel {
    if (this.model) return this.model;
    const message = 'this node runs without a projection database: only look-ups by key are served';
    throw new MetadError('RESTORING', message, { retryAfterMs: 60_000 });
  }

  private standing(partition: PartitionId): Pick<QueryReply, 'position' | 'lagMs'> {
    const { barrier } = this;
    const index = barrier.appliedIndex(partition);
    const position = formatPosition(barrier.incarnation(), partition, index);
    return { position, lagMs: Math.round(barrier.lagMs(partition)) };
  }

  private async tablesStanding(
    model: ReadModel,
    projection: string,
    request: CheckedRequest,
  ): Promise<Pick<QueryReply, 'position' | 'lagMs'>> {
    await this.freshness.tables(model, projection, request);
    const partitions = this.barrier.partitions();
    const incarnation = this.barrier.incarnation();
    const parts = partitions.map((partition) => ({
      ...{ incarnation, partition, index: model.absorbed(projection, partition) },
    }));
    const lagMs = this.freshness.tablesLagMs(model, projection);
    return { position: formatPositions(parts), lagMs: Math.round(lagMs) };
  }
}

function noLookUp(query: string): MetadError {
  const reason = `${query} is no look-up that one partition answers: ask any node`;
  const faults = [{ field: 'query', reason }];
  return new MetadError('INVALID_ARGUMENT', `query: ${reason}`, { faults });
}

function oneNamespace(namespace: string, query: string): void {
  if (namespace !== ALL_NAMESPACES) return;
  const reason = `${query} is about one record: name its namespace`;
  throw new MetadError('INVALID_ARGUMENT', `namespace: ${reason}`, {
    faults: [{ field: 'namespace', reason }],
  });
}
