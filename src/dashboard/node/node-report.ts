import type { NodeState } from '../../app/node-facts.js';
import type { JobKind, JobState } from '../../projection/jobs/job-store.js';
import type { ProjectionStatus } from '../../projection/projection-status.js';

/** What a node tells of itself once a second while somebody looks: the answer to `node.report`. */
export interface NodeReport {
  readonly node: string;
  readonly facts: NodeFigures;
  /** Distinct memberships; replicas refer to them by their place. */
  readonly memberships: readonly Membership[];
  readonly replicas: readonly ReplicaRow[];
  readonly projections: readonly ProjectionFigures[];
  readonly jobs: readonly JobFigures[];
  /** Newest first. */
  readonly commands: readonly CommandFact[];
}

export interface Membership {
  readonly voters: readonly string[];
  readonly learners: readonly string[];
}

/** The figures of one node; durations in milliseconds, sizes in bytes. */
export interface NodeFigures {
  readonly version: string;
  readonly http: string;
  readonly pid: number;
  readonly startedAt: string;
  readonly phase: NodeState;
  readonly broker: boolean;
  readonly leads: number;
  readonly replicas: number;
  readonly quiet: number;
  readonly inFlight: number;
  /** Entries applied since the start. */
  readonly applied: number;
  readonly records: number;
  readonly loopDelayMs: number;
  readonly loopDelayMsMax: number;
  readonly syncMs: number;
  readonly writeMs: number;
  readonly writeMsMax: number;
  readonly logBytes: number;
  readonly storageFull: boolean;
  readonly logFault: string | null;
  readonly memoryBytes: number;
  readonly disk: { readonly freeBytes: number; readonly totalBytes: number } | null;
}

export type ReplicaRole = 'leader' | 'follower' | 'candidate' | 'preCandidate';
export type ReplicaState = 'running' | 'quiet' | 'corrupt' | 'stopped' | 'installing';

/** Short, since there may be thousands of them in one report. */
export type ReplicaRow = readonly [
  partition: number,
  role: ReplicaRole,
  term: number,
  leader: string | null,
  commit: number,
  applied: number,
  state: ReplicaState,
  /** Of the state at `applied`; null for partition 0. */
  digest: string | null,
  membership: number,
  reason: string | null,
];

export interface ProjectionFigures {
  readonly name: string;
  readonly version: number;
  readonly state: ProjectionStatus['state'];
  readonly lagEntries: number;
  readonly lagMs: number;
  readonly rows: number;
  /** Sum of the checkpoints' indexes: how far it is, and from two of them how fast. */
  readonly absorbed: number;
  /** Hash over where each partition's checkpoint stands; equal on two nodes at the same point. */
  readonly pointHash: string;
  /** Hash over the digests at that point: must be equal where `pointHash` is. */
  readonly digestHash: string;
  readonly reason: string | null;
}

export interface JobFigures {
  readonly jobId: string;
  readonly kind: JobKind;
  readonly projection: string;
  readonly version: number | null;
  readonly state: JobState;
  readonly done: number;
  readonly total: number;
  /** Entries per second. */
  readonly rate: number;
  readonly remainingMs: number | null;
  readonly reason: string | null;
  readonly createdAt: string;
  readonly finishedAt: string | null;
  /** What its verification found; null when there was none. */
  readonly equal: boolean | null;
}

/** One command as it was applied or refused. */
export interface CommandFact {
  /** Equal on all nodes for one applied entry. */
  readonly key: string;
  /** Milliseconds since 1970: log time when applied, this node's clock when refused. */
  readonly at: number;
  readonly command: string;
  readonly namespace: string;
  /** Null when the command was refused before it had an entry. */
  readonly partition: number | null;
  readonly index: number | null;
  readonly outcome: 'applied' | 'unchanged' | 'refused';
  /** The records that it changed, the first of them. */
  readonly record: { readonly kind: string; readonly id: string } | null;
  readonly changes: number;
  readonly actor: string | null;
  readonly code: string | null;
  readonly message: string | null;
}
