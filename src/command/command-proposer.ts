import type { CommandReply } from '@metad/contract';
import { term, type Clock } from '@metad/foundation';
import type { Consensus } from '../consensus/consensus.js';
import type { LogClocks } from '../consensus/log-clocks.js';
import type { PartitionDirectory } from '../consensus/partition-directory.js';
import type { PartitionMachines } from '../consensus/partition-machines.js';
import { encodeCommand, toCommandReply, type ApplyResult } from '../decide/index.js';
import type { KindRegistry } from '../kinds/index.js';
import { dryRunReply } from './dry-run-reply.js';
import type { RoutedCommand } from './command-router.js';

const dryRunBarrierMs = 2_000;

/** On the leader: command → log entry → result → reply. */
export class CommandProposer {
  constructor(
    private readonly consensus: Consensus,
    private readonly directory: PartitionDirectory,
    private readonly machines: PartitionMachines,
    private readonly kinds: KindRegistry,
    private readonly logClocks: LogClocks,
    private readonly clock: Clock,
  ) {}

  /** Throws what the rules or the log refuse, as MetadErrors; see AwaitedProposal. */
  async propose(routed: RoutedCommand, body: Uint8Array): Promise<CommandReply> {
    if (routed.request.dryRun === true) return this.dryRun(routed);
    const { namespace, command, request, partition } = routed;
    const { incarnation, featureLevel } = this.directory.cluster();
    const time = this.logClocks.stamp(partition, this.consensus.termOf(partition) ?? term(0));
    const entry = encodeCommand({ namespace, command, time, level: featureLevel, body });
    const result = await this.consensus.propose<ApplyResult>(partition, entry, { request });
    return toCommandReply(result, { incarnation, partition }, this.kinds);
  }

  /** The same decider at a linearizable point; nothing is replicated. */
  private async dryRun({ namespace, command, request, partition }: RoutedCommand) {
    await this.consensus.linearize(partition, dryRunBarrierMs);
    const machine = this.machines.user(partition);
    const result = machine.dryRun(namespace, command, request, this.clock.now());
    const { incarnation } = this.directory.cluster();
    return dryRunReply(result, { incarnation, partition }, this.kinds);
  }
}
