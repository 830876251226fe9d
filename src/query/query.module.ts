import { Module } from '@nestjs/common';
import type { Clock } from '@metad/foundation';
import type { Configuration } from '../app/configuration.js';
import { Metrics } from '../app/telemetry/metrics.js';
import { CLOCK, CONFIGURATION, KINDS_REGISTRY, RAFT } from '../app/tokens.js';
import { Consensus } from '../consensus/consensus.js';
import type { OpenedRaft } from '../consensus/opened-raft.js';
import { PartitionDirectory } from '../consensus/partition-directory.js';
import { PartitionMachines } from '../consensus/partition-machines.js';
import type { KindRegistry } from '../kinds/index.js';
import { ProjectionModule } from '../projection/projection.module.js';
import { ProjectionService } from '../projection/projection.service.js';
import { ALL_QUERIES } from './all-queries.js';
import { MachineLookup, type ReadEntry } from './local/machine-lookup.js';
import { NodeBarrier } from './local/node-barrier.js';
import { QueryController } from './query.controller.js';
import { QueryEntry } from './query-entry.js';
import { QueryService } from './query-service.js';

/** From this node's log, or its archive: a look-up does not go and ask other nodes. */
const entryReader =
  ({ node, readArchived }: OpenedRaft): ReadEntry =>
  async (partition, index) => {
    const kept = node.readCommitted(partition, index, 1);
    const entries = kept ?? (await readArchived(partition, index));
    return entries?.[0] ?? null;
  };

/** Stage 6: answers, with the consistency that was asked for. */
@Module({
  imports: [ProjectionModule],
  controllers: [QueryController],
  providers: [
    {
      provide: QueryService,
      inject: [
        PartitionMachines,
        PartitionDirectory,
        Consensus,
        KINDS_REGISTRY,
        ProjectionService,
        CLOCK,
        RAFT,
      ],
      useFactory: (
        machines: PartitionMachines,
        directory: PartitionDirectory,
        consensus: Consensus,
        kinds: KindRegistry,
        projections: ProjectionService | null,
        clock: Clock,
        raft: OpenedRaft,
      ) =>
        new QueryService(
          ALL_QUERIES,
          new MachineLookup(machines, directory, kinds, entryReader(raft)),
          new NodeBarrier(consensus, directory, clock),
          projections?.tables ?? null,
        ),
    },
    {
      provide: QueryEntry,
      inject: [QueryService, CONFIGURATION, Metrics],
      useFactory: (service: QueryService, { limits }: Configuration, metrics: Metrics) =>
        new QueryEntry(service, limits.requestBytesMax, (query, outcome, startedAt) =>
          metrics.queryAnswered(query, outcome, (performance.now() - startedAt) / 1_000),
        ),
    },
  ],
  exports: [QueryService, QueryEntry],
})
export class QueryModule {}
