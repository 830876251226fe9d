import { LIMITS, type CommandRequest } from '@metad/contract';
import { partitionId, type Clock, type PartitionId } from '@metad/foundation';
import type { PartitionDirectory } from '../consensus/partition-directory.js';
import { movedError } from '../consensus/proposal-outcome.js';
import {
  checkCommand,
  type CheckedCommand,
  type KindRegistry,
  type Routing,
} from '../kinds/index.js';
import { invalidArgument } from './request-body.js';

/** A command that is well-formed and knows where it belongs. */
export interface RoutedCommand {
  readonly namespace: string;
  readonly command: string;
  readonly request: CommandRequest;
  readonly partition: PartitionId;
  /** Its steps, one for a plain command, and whether it can add records. */
  readonly checked: CheckedCommand;
}

/** Checks a command's data against its kind and finds the partition of its key. */
export class CommandRouter {
  constructor(
    private readonly kinds: KindRegistry,
    private readonly directory: PartitionDirectory,
    private readonly clock: Clock,
  ) {}

  /**
   * Throws UNKNOWN_COMMAND, INVALID_ARGUMENT, TOO_LARGE, CROSS_PARTITION, and NO_LEADER while the
   * map is unknown.
   */
  route(namespace: string, command: string, request: CommandRequest): RoutedCommand {
    const checked = checkCommand(this.kinds, namespace, command, request, this.partitionOf);
    this.checkDeadline(request.deadline);
    return { namespace, command, request, partition: partitionId(checked.partition), checked };
  }

  /** A leader's own subject takes only what its partition owns. */
  mustBelongTo(partition: PartitionId, { partition: owner }: RoutedCommand): void {
    if (owner === partition) return;
    throw movedError(owner, this.directory.map().generation);
  }

  private readonly partitionOf = ({ key, prefix }: Routing): number =>
    this.directory.partitionOf(key, prefix);

  /** A deadline beyond the deduplication window could not be kept exactly once. */
  private checkDeadline(deadline: string | undefined): void {
    if (deadline === undefined) return;
    if (Date.parse(deadline) <= this.clock.now() + LIMITS.deduplicationWindowMs) return;
    const windowMs = LIMITS.deduplicationWindowMs;
    const reason = `is further away than the deduplication window (${windowMs} ms)`;
    throw invalidArgument([{ field: 'deadline', reason }]);
  }
}
