import type { PartitionMapData } from '@metad/partition';

/** What partition 0 replicates: what every node must agree on before anything else. Plain JSON. */
export interface SystemState {
  readonly clusterId: string;
  /** Names this cluster's history; changed by a restore or a forced recovery. */
  readonly incarnation: string;
  /** Gates new rules and entry formats: see `feature-level.ts`. */
  readonly featureLevel: number;
  /** Sorted by name. */
  readonly members: readonly Member[];
  /** By node: the random identity of its data directory, registered once for each name. */
  readonly identities: Readonly<Record<string, string>>;
  readonly map: PartitionMapData;
}

export type MemberRole = 'voter' | 'learner' | 'leaving';

export interface Member {
  readonly node: string;
  readonly role: MemberRole;
}

/** Commands of partition 0. Each may be proposed twice: the second changes nothing. */
export type SystemCommand =
  | {
      readonly type: 'InitCluster';
      readonly clusterId: string;
      readonly incarnation: string;
      /** Initial voters. */
      readonly members: readonly string[];
      readonly map: PartitionMapData;
      /** 1 when absent. */
      readonly featureLevel?: number;
    }
  | {
      readonly type: 'RegisterNode';
      readonly node: string;
      readonly identity: string;
    }
  | { readonly type: 'SetMember'; readonly node: string; readonly role: MemberRole }
  | {
      /** Also forgets the node's identity: a node of that name may come back with an empty disk. */
      readonly type: 'RemoveMember';
      readonly node: string;
    }
  | {
      readonly type: 'ReplaceMap';
      /** Generation of the map that this one was made from. */
      readonly from: number;
      readonly map: PartitionMapData;
    }
  | { readonly type: 'RaiseFeatureLevel'; readonly level: number }
  | {
      readonly type: 'BeginIncarnation';
      /** The incarnation that ends. */
      readonly from: string;
      readonly incarnation: string;
    };

export type SystemResult =
  | { readonly accepted: true; readonly changed: boolean }
  | { readonly accepted: false; readonly rule: string; readonly message: string };
