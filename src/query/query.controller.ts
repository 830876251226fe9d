import { Controller, Inject } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { partitionId } from '@metad/foundation';
import type { Inbound, Outbound } from '../app/nats/inbound.js';
import { QueryEntry } from './query-entry.js';

/**
 * Queries from NATS: `query.<namespace>.<Query>` at any node, `p.<partition>.query` at its leader.
 */
@Controller()
export class QueryController {
  constructor(@Inject(QueryEntry) private readonly queries: QueryEntry) {}

  @MessagePattern('query')
  atAnyNode(inbound: Inbound): Promise<Outbound> {
    const [, namespace = '', query = ''] = inbound.tokens;
    return this.queries.execute(namespace, query, inbound.data);
  }

  @MessagePattern('leader.query')
  atLeader(inbound: Inbound): Promise<Outbound> {
    const [, partition = ''] = inbound.tokens;
    return this.queries.executeNamed(partitionId(Number(partition)), inbound.data);
  }
}
