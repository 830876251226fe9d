import { LIMITS, MetadError, type CommandRequest } from '@metad/contract';
import type { Clock, PartitionId } from '@metad/foundation';
import type { PartitionDirectory } from '../consensus/partition-directory.js';
import type { KindRegistry, RegisteredCommand } from '../kinds/index.js';
import { faultsOf } from './command-envelope.js';
import { invalidArgument } from './request-body.js';

/** A command that is well-formed and knows where it belongs. */
export interface RoutedCommand {
  readonly namespace: string;
  readonly command: string;
  readonly request: CommandRequest;
  readonly partition: PartitionId;
  /** False for removals, which are admitted also when space is short. */
  readonly grows: boolean;
}

/** Checks a command's data against its kind and finds the partition of its key. */
export class CommandRouter {
  constructor(
    private readonly kinds: KindRegistry,
    private readonly directory: PartitionDirectory,
    private readonly clock: Clock,
  ) {}

  /** Throws UNKNOWN_COMMAND, INVALID_ARGUMENT, TOO_LARGE, NO_LEADER while the map is unknown. */
  route(namespace: string, command: string, request: CommandRequest): RoutedCommand {
    const registered = this.kinds.command(command);
    if (registered === null) throw this.unknownCommand(command);
    const data = checkedData(registered, request);
    this.checkDeadline(request.deadline);
    const { key, prefix } = registered.definition.routing(namespace, data);
    const partition = this.directory.partitionOf(key, prefix);
    return { namespace, command, request, partition, grows: registered.definition.grows };
  }

  /** A leader's own subject takes only what its partition owns. */
  mustBelongTo(partition: PartitionId, { partition: owner }: RoutedCommand): void {
    if (owner === partition) return;
    throw new MetadError(
      'PARTITION_MOVED',
      `the key belongs to partition ${owner}; refresh the map`,
      {
        partition: owner,
        generation: this.directory.map().generation,
        retryAfterMs: 0,
      },
    );
  }

  /** A deadline beyond the deduplication window could not be kept exactly once. */
  private checkDeadline(deadline: string | undefined): void {
    if (deadline === undefined) return;
    if (Date.parse(deadline) <= this.clock.now() + LIMITS.deduplicationWindowMs) return;
    const reason = `is further away than the deduplication window (${LIMITS.deduplicationWindowMs} ms)`;
    throw invalidArgument([{ field: 'deadline', reason }]);
  }

  private unknownCommand(command: string): MetadError {
    const known = this.kinds.commandNames();
    return new MetadError('UNKNOWN_COMMAND', `no command ${command.slice(0, 64)}`, { known });
  }
}

function checkedData({ definition }: RegisteredCommand, request: CommandRequest): never {
  const parsed = definition.schema.safeParse(request.data);
  if (!parsed.success) throw invalidArgument(faultsOf(parsed.error, 'data'));
  return request.data as never;
}
