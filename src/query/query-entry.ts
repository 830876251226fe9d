import { ALL_NAMESPACES, NAME_TOKEN, type QueryReply } from '@metad/contract';
import { invariant, type PartitionId } from '@metad/foundation';
import type { Outbound } from '../app/nats/inbound.js';
import { encodeError, encodeReply } from '../app/nats/reply.js';
import { asMetadError } from '../command/command-exchange.js';
import { invalidArgument, parseRequestBody } from '../command/request-body.js';
import type { QueryService } from './query-service.js';

/** A query that another stage answers: `Catchup` reads events, not records. */
export type QueryHandler = (namespace: string, request: object) => Promise<QueryReply>;

/** Counts a query; `startedAt` on the `performance.now()` clock. */
export type QueryMeter = (query: string, outcome: string, startedAt: number) => void;

/** Bytes → query → reply; never throws. */
export class QueryEntry {
  private readonly handlers = new Map<string, QueryHandler>();

  constructor(
    private readonly service: QueryService,
    private readonly requestBytesMax: number,
    private readonly meter: QueryMeter = () => undefined,
  ) {}

  /** Called by the stage that answers, when it is made. */
  register(query: string, handler: QueryHandler): void {
    invariant(!this.handlers.has(query), 'a query is registered once');
    this.handlers.set(query, handler);
  }

  execute(namespace: string, query: string, data: Uint8Array): Promise<Outbound> {
    return this.answer(data, namespace, query, null);
  }

  /** On the own subject of a partition's leader: `namespace` and `query` stand in the body. */
  executeNamed(partition: PartitionId, data: Uint8Array): Promise<Outbound> {
    return this.answer(data, null, null, partition);
  }

  private async answer(
    data: Uint8Array,
    subjectNamespace: string | null,
    subjectQuery: string | null,
    partition: PartitionId | null,
  ): Promise<Outbound> {
    const startedAt = performance.now();
    let packetId: string | null = null;
    let asked = 'unknown';
    try {
      const body = parseRequestBody(data, this.requestBytesMax);
      packetId = body.packetId;
      const { namespace: bodyNamespace, query: bodyQuery, ...request } = body.value;
      const namespace = oneName('namespace', subjectNamespace, bodyNamespace);
      const query = oneName('query', subjectQuery, bodyQuery);
      if (namespace !== ALL_NAMESPACES && !NAME_TOKEN.test(namespace)) {
        const reason = 'must be 1 to 64 of A-Z a-z 0-9 _ -';
        throw invalidArgument([{ field: 'namespace', reason }]);
      }
      asked = query;
      // What another stage answers is no look-up: the service refuses it at a leader's subject.
      const handler = partition === null ? this.handlers.get(query) : undefined;
      const reply = handler
        ? await handler(namespace, request)
        : await this.service.execute(namespace, query, request, partition);
      this.meter(asked, 'ok', startedAt);
      return encodeReply(reply, packetId);
    } catch (error) {
      const refusal = asMetadError(error);
      // A name that nobody knows is the caller's invention, not a label.
      this.meter(refusal.code === 'UNKNOWN_QUERY' ? 'unknown' : asked, refusal.code, startedAt);
      return encodeError(refusal, packetId);
    }
  }
}

/** A name may stand in the subject, in the body, or in both alike. */
function oneName(field: string, inSubject: string | null, inBody: unknown): string {
  if (inBody !== undefined && typeof inBody !== 'string') {
    throw invalidArgument([{ field, reason: 'must be a string' }]);
  }
  if (inSubject === null) {
    if (inBody === undefined) throw invalidArgument([{ field, reason: 'is required' }]);
    return inBody;
  }
  if (inBody !== undefined && inBody !== inSubject) {
    throw invalidArgument([{ field, reason: `differs from the subject's (${inSubject})` }]);
  }
  return inSubject;
}
