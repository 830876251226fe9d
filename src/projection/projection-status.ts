import { formatPosition } from '@metad/contract';
import type { OrderedProcessor } from '@metad/projection';
import type { ProjectionPorts } from './projection-ports.js';

/** One projection of this node, as operators and tests read it. */
export interface ProjectionStatus {
  readonly name: string;
  /** Version of the tables in use; 0 before the database was reached. */
  readonly version: number;
  readonly state:
    /** The database has not been reached yet. */
    | 'connecting'
    | 'live'
    /** The database is away; `reason` says how. */
    | 'waiting'
    /** Another process writes into the schema. */
    | 'fenced'
    /** A handler failed; nothing is skipped. */
    | 'halted'
    /** Too far behind the log, or of an earlier program: a rebuild is under way. */
    | 'detached'
    /** Rows of another history: not served, being rebuilt. */
    | 'foreign'
    /** An operator stopped it. */
    | 'paused';
  readonly checkpoints: readonly {
    readonly partition: number;
    readonly index: number;
    readonly term: number;
    readonly digest: string;
    readonly rows: number;
    readonly position: string;
  }[];
  readonly lagEntries: number;
  readonly lagMs: number;
  /** Since the processor's last sign of life. */
  readonly heartbeatAgeMs: number;
  readonly reason?: string;
}

const FAULT_STATES = {
  handler: 'halted',
  compacted: 'detached',
  outdated: 'detached',
  foreign: 'foreign',
  paused: 'paused',
} as const;
const PROCESSOR_STATES = {
  starting: 'connecting',
  running: 'live',
  waiting: 'waiting',
  fenced: 'fenced',
  stopped: 'waiting',
} as const;

export function statusOf(
  name: string,
  processor: OrderedProcessor | null,
  ports: Pick<ProjectionPorts, 'partitions' | 'clock' | 'source' | 'incarnation'>,
  reason: string,
): ProjectionStatus {
  const version = processor?.versions.find((found) => found.name === name);
  const partitions = ports.partitions();
  if (!processor || !version) {
    const lagEntries = partitions.reduce((sum, p) => sum + ports.source.head(p), 0);
    const nothing = { version: 0, checkpoints: [], lagEntries, lagMs: 0, heartbeatAgeMs: 0 };
    return { name, state: 'connecting', ...nothing, reason };
  }
  const { fault } = version;
  const lag = processor.lag(name);
  const why = fault?.reason ?? processor.reason;
  const incarnation = ports.incarnation() ?? '';
  return {
    name,
    version: version.version,
    state: fault ? FAULT_STATES[fault.kind] : PROCESSOR_STATES[processor.state],
    checkpoints: processor.durable(name).map(({ partition, checkpoint }) => ({
      ...{ partition, index: checkpoint.index, term: checkpoint.term },
      ...{ digest: checkpoint.digest.toString(), rows: checkpoint.digest.rows },
      position: formatPosition(incarnation, partition, checkpoint.index),
    })),
    lagEntries: lag?.lagEntries(partitions) ?? 0,
    lagMs: Math.round(lag?.lagMs() ?? 0),
    heartbeatAgeMs: Math.round(ports.clock.monotonic() - processor.heartbeat),
    ...(why === null ? {} : { reason: why }),
  };
}
