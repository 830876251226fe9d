import { MetadError } from '@metad/contract';
import type { PartitionId } from '@metad/foundation';
import {
  getPartitionKey,
  getPrefixPartitionKey,
  PartitionMap,
  type PartitionMapData,
} from '@metad/partition';

/** What partition 0 says about the cluster, as this node has applied it. */
export interface ClusterState {
  readonly clusterId: string;
  /** Names this cluster's history in every position. */
  readonly incarnation: string;
  readonly featureLevel: number;
  readonly map: PartitionMapData;
}

/** Where keys live. Empty until partition 0 has been applied up to the cluster's beginning. */
export class PartitionDirectory {
  private state: ClusterState | null = null;
  private current: PartitionMap | null = null;
  private readonly listeners: ((state: ClusterState) => void)[] = [];

  /** Called by partition 0's state machine whenever what it says has changed. */
  update(state: ClusterState): void {
    this.state = state;
    this.current = PartitionMap.from(state.map);
    for (const listener of this.listeners) listener(state);
  }

  onChange(listener: (state: ClusterState) => void): void {
    this.listeners.push(listener);
    if (this.state) listener(this.state);
  }

  get known(): boolean {
    return this.state !== null;
  }

  cluster(): ClusterState {
    if (!this.state) throw starting();
    return this.state;
  }

  map(): PartitionMap {
    if (!this.current) throw starting();
    return this.current;
  }

  /** The partition of a routing key; `prefix` says that the whole key is hashed. */
  partitionOf(key: string, prefix: boolean): PartitionId {
    return this.map().ownerOf(prefix ? getPrefixPartitionKey(key) : getPartitionKey(key));
  }
}

const starting = (): MetadError =>
  new MetadError(
    'NO_LEADER',
    'the cluster is starting: its partition map is not known yet; retry',
    {
      partition: 0,
      retryAfterMs: 250,
    },
  );
