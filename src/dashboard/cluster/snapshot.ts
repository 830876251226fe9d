import type {
  CommandFact,
  JobFigures,
  Membership,
  NodeFigures,
  ProjectionFigures,
  ReplicaRole,
  ReplicaState,
} from '../node/node-report.js';

export type { CommandFact, JobFigures, NodeFigures };

/** The cluster as one node sees it at one moment: what the page shows. */
export interface ClusterSnapshot extends SnapshotHead {
  readonly partitions: readonly PartitionView[];
  /** Newest first. */
  readonly commands: readonly CommandFact[];
}

/** What changed since the snapshot before; partitions and commands that did not are left out. */
export interface SnapshotDelta extends SnapshotHead {
  readonly partitions: readonly PartitionView[];
  readonly removedPartitions: readonly number[];
  readonly commands: readonly CommandFact[];
}

/** What is small enough to be sent whole every time. */
export interface SnapshotHead {
  /** Milliseconds since 1970, by the clock of the node that made it. */
  readonly at: number;
  /** Which node sees it so. */
  readonly by: string;
  readonly cluster: string;
  readonly incarnation: string | null;
  readonly nodes: readonly NodeView[];
  readonly projections: readonly ProjectionView[];
  readonly jobs: readonly (JobFigures & { readonly node: string })[];
  /** Entries committed per second in all partitions; null before it can be measured. */
  readonly committedRate: number | null;
}

export interface NodeView {
  readonly node: string;
  /** `absent`: nobody listens under its name; `silent`: somebody may, but no answer in time. */
  readonly state: 'up' | 'silent' | 'absent' | 'unknown';
  /** Since when it is in this state, as seen from here; milliseconds since 1970. */
  readonly since: number;
  /** The last that it told, also when it is not up; null when it never did. */
  readonly figures: NodeFigures | null;
  /** Entries applied per second. */
  readonly appliedRate: number | null;
}

/** What is wrong with a partition, the worst first in this list. */
export const PROBLEMS = [
  'diverged',
  'no-leader',
  'replica-stopped',
  'no-quorum-margin',
  'replica-away',
  'replica-installing',
  'lagging',
] as const;
export type Problem = (typeof PROBLEMS)[number];

export interface PartitionView extends Membership {
  readonly partition: number;
  readonly leader: string | null;
  readonly term: number;
  readonly commit: number;
  /** In the order of `voters`, then `learners`. */
  readonly replicas: readonly ReplicaView[];
  readonly problems: readonly Problem[];
}

export interface ReplicaView {
  readonly node: string;
  /** Null when its node does not answer. */
  readonly role: ReplicaRole | null;
  readonly state: ReplicaState | null;
  readonly applied: number;
  /** Entries committed somewhere and not applied here. */
  readonly lag: number;
  readonly reason: string | null;
}

export interface ProjectionView {
  readonly name: string;
  /**
   * Digests of the tables compared between the nodes that stand at the same point of the log:
   * `moving` when no two do at this moment.
   */
  readonly agreement: 'equal' | 'differs' | 'moving' | 'alone';
  readonly nodes: readonly (ProjectionFigures & {
    readonly node: string;
    /** Entries absorbed per second. */
    readonly rate: number | null;
    /** The newest proof against the state machine on that node. */
    readonly verified: { readonly equal: boolean; readonly at: string } | null;
  })[];
}
