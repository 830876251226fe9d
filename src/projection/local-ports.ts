import type { EventBus } from '@nestjs/cqrs';
import { logIndex, type Clock } from '@metad/foundation';
import type { Logger } from '../app/logger.js';
import type { Tracing } from '../app/telemetry/tracing/tracing.js';
import type { Consensus } from '../consensus/consensus.js';
import type { PeerAdmin } from '../consensus/joining/peer-admin.js';
import type { PartitionDirectory } from '../consensus/partition-directory.js';
import type { LiveEventSource } from '../dispatch/live-event-source.js';
import type { ProjectionPorts } from './projection-ports.js';

const readIndexMs = 2_000;
/** The name under which the tables hold the log against compaction. */
const HOLDER = 'projection';

export interface LocalParts {
  readonly source: LiveEventSource;
  readonly consensus: Consensus;
  readonly directory: PartitionDirectory;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly eventBus: EventBus;
  readonly peerAdmin: PeerAdmin;
  readonly tracing: Tracing | null;
}

/** The read model's surroundings in a running node. */
export function localPorts(parts: LocalParts): ProjectionPorts {
  const { source, consensus, directory, clock, logger, eventBus, peerAdmin, tracing } = parts;
  return {
    source,
    clock,
    eventBus: {
      publish: (event) => void eventBus.publish(event),
      isHeard: () => eventBus.subject$.observed,
    },
    ...(tracing && { onWritten: (entries) => tracing.projected(entries) }),
    incarnation: () => (directory.known ? directory.cluster().incarnation : null),
    partitions: () => (directory.known ? directory.map().partitions() : []),
    committed: async (partition) => {
      try {
        return await consensus.readIndex(partition, readIndexMs);
      } catch {
        return null; // No leader to ask: whoever wanted to know asks again.
      }
    },
    hold: (partition, index) => consensus.node.holdLog(partition, HOLDER, logIndex(index)),
    peers: {
      names: () => nodesOf(directory),
      ask: (node, noun, verb, body) => peerAdmin.ask(node, noun, verb, body),
    },
    onTrouble: (reason, error) => logger.warn({ stage: 'projection', err: error }, reason),
  };
}

function nodesOf(directory: PartitionDirectory): readonly string[] {
  const { partitions } = directory.cluster().map;
  return [
    ...new Set(partitions.flatMap(({ voters, learners }) => [...voters, ...learners])),
  ].sort();
}
