import { auditReadings } from '../../src/audit/audit-readings.js';
import { refusalReadings } from '../../src/http/open-front-door.js';
import { Metrics, type Reading } from '../../src/app/telemetry/metrics.js';
import { nodeReadings, requestReadings } from '../../src/app/telemetry/node-readings.js';
import { raftReadings } from '../../src/app/telemetry/raft-readings.js';
import {
  leaseReadings,
  projectionReadings,
  stateReadings,
  watchReadings,
} from '../../src/app/telemetry/state-readings.js';

export interface ExportedMetric {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
}

/** Only asked for what it is called: a description has no numbers. */
const unread = (): never => {
  throw new Error('a description of metrics reads none of them');
};

/** What a node exports of its own, in the order of its parts, without running one. */
export function exportedMetrics(): ExportedMetric[] {
  const metrics = new DescribedMetrics({ node: '', cluster: '' });
  const node = {
    stats: unread,
    partitions: unread,
    status: unread,
    onLeaderChange: () => undefined,
  };
  metrics.expose(nodeReadings({ state: 'starting', version: '' } as never, '.', unread));
  metrics.expose(requestReadings(new Map(), unread));
  metrics.expose(raftReadings({ node, log: { stats: unread }, transport: { stats: unread } }));
  metrics.expose(stateReadings({} as never));
  metrics.expose(leaseReadings(unread));
  metrics.expose(watchReadings(unread, new Map()));
  metrics.expose(projectionReadings(unread));
  metrics.expose(auditReadings({} as never));
  metrics.expose(refusalReadings(new Map()));
  const histograms = metrics.registry
    .getMetricsAsArray()
    .map((metric) => metric as unknown as { name: string; help: string })
    .filter(({ name }) => name.endsWith('_duration_seconds') && name.startsWith('metad_'))
    .map(({ name, help }): ExportedMetric => ({ name, help, kind: 'histogram', labels: [] }));
  return [...metrics.seen, ...histograms];
}

class DescribedMetrics extends Metrics {
  declare private described: ExportedMetric[] | undefined;

  get seen(): readonly ExportedMetric[] {
    return this.described ?? [];
  }

  /** Also called by the constructor of what it extends, before this class has fields. */
  override expose(readings: readonly Reading[]): void {
    this.described = [
      ...(this.described ?? []),
      ...readings.map(({ name, kind, help, labels = [] }) => ({ name, kind, help, labels })),
    ];
    super.expose(readings);
  }
}
