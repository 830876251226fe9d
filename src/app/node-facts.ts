import type { Configuration } from './configuration.js';

/** `drained`: up and replicating, but without leadership or new requests, as an operator wished. */
export type NodeState = 'starting' | 'serving' | 'draining' | 'drained' | 'stopping';

/** What a node says of itself, in `node.describe` and on the dashboard. */
export class NodeFacts {
  readonly node: string;
  readonly cluster: string;
  readonly startedAt = new Date().toISOString();
  readonly pid = process.pid;
  state: NodeState = 'starting';
  /** Base URL; empty until the node listens. */
  http = '';

  constructor(
    { node, cluster }: Configuration,
    readonly version: string,
  ) {
    this.node = node;
    this.cluster = cluster;
  }
}
