import { Module } from '@nestjs/common';
import type { Subjects } from '@metad/contract';
import type { Clock } from '@metad/foundation';
import type { Configuration } from '../app/configuration.js';
import { NatsRequester } from '../app/nats/nats-requester.js';
import { Metrics } from '../app/telemetry/metrics.js';
import { CLOCK, CONFIGURATION, KINDS_REGISTRY, RAFT, SUBJECTS } from '../app/tokens.js';
import { Consensus } from '../consensus/consensus.js';
import type { OpenedRaft } from '../consensus/opened-raft.js';
import { LogClocks } from '../consensus/log-clocks.js';
import { PartitionDirectory } from '../consensus/partition-directory.js';
import { PartitionMachines } from '../consensus/partition-machines.js';
import type { KindRegistry } from '../kinds/index.js';
import { CommandForwarder } from './command-forwarder.js';
import { CommandProposer } from './command-proposer.js';
import { CommandRouter } from './command-router.js';
import { CommandService } from './command.service.js';
import { RefusedCommands } from './refused-commands.js';

/** Longer than the leader's own patience, so that its answer wins over the forwarder's guess. */
const forwardTimeoutMs = 12_000;

/** Stage 1: the way in. */
@Module({
  providers: [
    RefusedCommands,
    {
      provide: CommandForwarder,
      inject: [NatsRequester, SUBJECTS],
      useFactory: (requester: NatsRequester, subjects: Subjects) =>
        new CommandForwarder(requester, subjects, forwardTimeoutMs),
    },
    {
      provide: CommandRouter,
      inject: [KINDS_REGISTRY, PartitionDirectory, CLOCK],
      useFactory: (kinds: KindRegistry, directory: PartitionDirectory, clock: Clock) =>
        new CommandRouter(kinds, directory, clock),
    },
    {
      provide: CommandProposer,
      inject: [Consensus, PartitionDirectory, PartitionMachines, KINDS_REGISTRY, LogClocks, RAFT],
      useFactory: (
        consensus: Consensus,
        directory: PartitionDirectory,
        machines: PartitionMachines,
        kinds: KindRegistry,
        logClocks: LogClocks,
        { log }: OpenedRaft,
      ) => new CommandProposer(consensus, directory, machines, kinds, logClocks, log),
    },
    {
      provide: CommandService,
      inject: [
        ...[CommandRouter, Consensus, CommandProposer, CommandForwarder],
        ...[KINDS_REGISTRY, CONFIGURATION, Metrics, RefusedCommands, CLOCK],
      ],
      useFactory: (
        router: CommandRouter,
        consensus: Consensus,
        proposer: CommandProposer,
        forwarder: CommandForwarder,
        kinds: KindRegistry,
        { limits }: Configuration,
        metrics: Metrics,
        refused: RefusedCommands,
        clock: Clock,
      ) => {
        const meter = (command: string, outcome: string, startedAt: number): void =>
          metrics.commandAnswered(command, outcome, (performance.now() - startedAt) / 1_000);
        const { requestBytesMax } = limits;
        const door = { kinds, requestBytesMax, meter };
        const service = new CommandService(router, consensus, proposer, forwarder, door);
        service.onRejected(({ namespace, command, error }) =>
          refused.add({ at: clock.now(), namespace, command, error }),
        );
        return service;
      },
    },
  ],
  exports: [CommandService, CommandForwarder, RefusedCommands],
})
export class CommandModule {}
