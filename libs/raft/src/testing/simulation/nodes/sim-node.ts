import type { LogIndex, NodeName } from '@metad/foundation';
import type { ConfChange, ReplicaStatus } from '../../../core/index.js';
import type { DiskFaults } from '../faults/plan.js';
import type { Witness } from '../oracle/oracle.js';
import type { Host } from '../world/host.js';

/** What became of a proposal: in force at an index; certainly not; or nobody knows. */
export type ProposalFate = { readonly index: LogIndex } | 'dropped' | 'unknown';

/** One simulated node, whatever it is made of. Callbacks come at most once, or never. */
export interface SimNode {
  readonly name: NodeName;
  readonly host: Host;
  /** Faults that its disk brought about, by kind. */
  readonly counts: Readonly<Record<string, number>>;
  /** Its log was damaged, and it has not come back yet. */
  readonly damaged: boolean;
  /** Why it died last by itself. */
  readonly lastTrouble: string | null;
  /** Starts the process on what its disk holds. */
  start(): void;
  /** Kills the process and loses what its disk had not synced. */
  crash(): void;
  propose(data: Uint8Array, done: (fate: ProposalFate) => void): void;
  /** A linearizable read; null when it was refused. */
  read(key: string, done: (value: string | null) => void): void;
  /** Null while the node is down. */
  witness(): Witness | null;
  status(): ReplicaStatus | null;
  /** Order the leader here, if it leads; nothing happens otherwise. */
  transfer(to: NodeName): void;
  changeMembers(change: ConfChange): void;
  /** The word that this leader's node is gone. */
  leaderGone(leader: NodeName, campaign: boolean): void;
  diskFaults(faults: DiskFaults): void;
  /** A full disk takes no writes. */
  fullDisk(full: boolean): void;
  /** The next sync fails, and with it the process. */
  failSync(): void;
  /** One bit of its log turns. */
  rot(): void;
  /** From now on syncs take so many times longer. */
  slowDisk(factor: number): void;
  /** Takes a snapshot now, if there is something new. */
  snapshot(): void;
}
