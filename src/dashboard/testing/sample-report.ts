import type {
  CommandFact,
  NodeReport,
  ProjectionFigures,
  ReplicaRow,
} from '../node/node-report.js';

const figures: NodeReport['facts'] = {
  ...{ version: '0.1.0', http: 'http://127.0.0.1:8080', pid: 1, phase: 'serving', broker: true },
  ...{ startedAt: '2026-01-01T00:00:00.000Z', leads: 1, replicas: 1, quiet: 0, inFlight: 0 },
  ...{ applied: 0, records: 0, loopDelayMs: 0, loopDelayMsMax: 0, syncMs: 0, writeMs: 0 },
  ...{ writeMsMax: 0, logBytes: 0, storageFull: false, logFault: null, memoryBytes: 0 },
  disk: null,
};

/** A replica of partition 1 with voters n1, n2 and n3, level at index 10 unless told otherwise. */
export function replica(
  role: ReplicaRow[1],
  { partition = 1, term = 2, applied = 10, state = 'running', digest = 'd' } = {},
): ReplicaRow {
  const named = state as ReplicaRow[6];
  return [partition, role, term, null, 10, applied, named, digest, 0, null];
}

export function projection(name: string, rest: Partial<ProjectionFigures> = {}): ProjectionFigures {
  return {
    ...{ name, version: 1, state: 'live', lagEntries: 0, lagMs: 0, rows: 0, absorbed: 0 },
    ...{ pointHash: 'p', digestHash: 'd', reason: null },
    ...rest,
  };
}

export function command(key: string, rest: Partial<CommandFact> = {}): CommandFact {
  return {
    ...{ key, at: 1, command: 'AssignResource', namespace: 'prod', partition: 1, index: 1 },
    ...{ outcome: 'applied', record: null, changes: 1, actor: null, code: null, message: null },
    ...rest,
  };
}

export function report(node: string, rest: Partial<NodeReport> = {}): NodeReport {
  const memberships = [{ voters: ['n1', 'n2', 'n3'], learners: [] }];
  const nothing = { replicas: [], projections: [], jobs: [], commands: [] };
  return { node, facts: figures, memberships, ...nothing, ...rest };
}
