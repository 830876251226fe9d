import { MetadError } from '@metad/contract';
import type { LogIndex, NodeName, PartitionId, Term } from '@metad/foundation';
import type { DropReason, ProposalObserver } from '@metad/raft';

const retryAfterMs = 100;

/** What each way of not entering the log tells the client. All are definite. */
const DROPPED: Readonly<Record<DropReason, { code: MetadError['code']; message: string }>> = {
  notLeader: { code: 'NOT_LEADER', message: 'another node leads this partition; ask it' },
  noLeader: { code: 'NO_LEADER', message: 'this partition has no leader now; retry' },
  replaced: { code: 'NO_LEADER', message: 'the leader changed before the command was kept; retry' },
  transferring: { code: 'NO_LEADER', message: 'leadership is moving; retry' },
  stopping: { code: 'NOT_LEADER', message: 'this node is stopping; ask another' },
  overloaded: {
    code: 'OVERLOADED',
    message:
      'too many commands are in flight (inFlightPerPartitionMax, inFlightPerNodeMax); retry later',
  },
  storageFull: {
    code: 'STORAGE_FULL',
    message: 'the disk is nearly full; only removals are taken',
  },
  invalid: { code: 'INVALID_ARGUMENT', message: 'the change of membership is not possible' },
  tooLarge: {
    code: 'TOO_LARGE',
    message: 'the command is larger than nodes can send each other (max_payload of the broker)',
  },
  noPartition: { code: 'PARTITION_MOVED', message: 'this node does not hold that partition' },
};

export function droppedError(
  partition: PartitionId,
  reason: DropReason,
  leader: NodeName | null,
): MetadError {
  const { code, message } = DROPPED[reason];
  return new MetadError(code, message, { partition, leader, retryAfterMs });
}

/** Who asks a leader for what its partition does not own has a map that is out of date. */
export function movedError(owner: PartitionId, generation: number): MetadError {
  const message = `the key belongs to partition ${owner}; refresh the map`;
  const details = { partition: owner, generation, retryAfterMs: 0 };
  return new MetadError('PARTITION_MOVED', message, details);
}

export function unknownError(partition: PartitionId, reason: string): MetadError {
  const message = `${reason}; the command may take effect or not: retry with the same commandId`;
  return new MetadError('OUTCOME_UNKNOWN', message, { partition, retryAfterMs });
}

/** Turns the observer's three endings into one promise. `R` is what the state machine returned. */
export class AwaitedProposal<R> implements ProposalObserver {
  readonly promise: Promise<R>;
  private resolve!: (result: R) => void;
  private reject!: (error: MetadError) => void;

  constructor(private readonly partition: PartitionId) {
    this.promise = new Promise<R>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  applied(result: unknown, _index: LogIndex, _term: Term): void {
    this.resolve(result as R);
  }

  dropped(reason: DropReason, leader: NodeName | null): void {
    this.reject(droppedError(this.partition, reason, leader));
  }

  unknown(reason: string): void {
    this.reject(unknownError(this.partition, reason));
  }
}
