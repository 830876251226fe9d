import { collectDefaultMetrics, Counter, Gauge, Registry, type Metric } from 'prom-client';
import { FixedHistogram } from './fixed-histogram.js';
import { OutcomeCounts } from './outcome-counts.js';

/** One number that a part of the node keeps anyway; read when Prometheus asks. */
export interface Reading {
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  readonly labels?: readonly string[];
  /** Label values and the number; an empty object when there are no labels. */
  readonly read: () => Iterable<readonly [Readonly<Record<string, string>>, number]>;
}

/**
 * Everything `/metrics` shows. Names follow Prometheus: base units, `_total` for counters. What is
 * counted on the way of a command lies in plain fields; labels and text are made at the scrape.
 */
export class Metrics {
  readonly registry = new Registry();
  private readonly commands = new OutcomeCounts();
  private readonly queries = new OutcomeCounts();
  private readonly commandSeconds = new FixedHistogram(
    'metad_command_duration_seconds',
    'From the arrival of a command at the leader to its reply.',
  );
  private readonly querySeconds = new FixedHistogram(
    'metad_query_duration_seconds',
    'From the arrival of a query at this node to its reply.',
  );

  constructor(labels: { readonly node: string; readonly cluster: string }) {
    this.registry.setDefaultLabels(labels);
    collectDefaultMetrics({ register: this.registry });
    this.expose([
      {
        kind: 'counter',
        name: 'metad_commands_total',
        help: 'Commands that this node led to their end, by outcome or error code.',
        labels: ['command', 'outcome'],
        read: () => this.commands.read('command'),
      },
      {
        kind: 'counter',
        name: 'metad_queries_total',
        help: 'Queries answered by this node, by `ok` or error code.',
        labels: ['query', 'outcome'],
        read: () => this.queries.read('query'),
      },
    ]);
    for (const histogram of [this.commandSeconds, this.querySeconds]) {
      // The registry only reads `name` and calls `get`.
      this.registry.registerMetric(histogram as unknown as Metric);
    }
  }

  commandAnswered(command: string, outcome: string, seconds: number): void {
    this.commands.add(command, outcome);
    this.commandSeconds.observe(seconds);
  }

  queryAnswered(query: string, outcome: string, seconds: number): void {
    this.queries.add(query, outcome);
    this.querySeconds.observe(seconds);
  }

  /** Exports numbers that a part keeps by itself. */
  expose(readings: readonly Reading[]): void {
    for (const reading of readings) this.exposeOne(reading);
  }

  private exposeOne({ name, help, kind, labels = [], read }: Reading): void {
    const options = { name, help, labelNames: [...labels], registers: [this.registry] };
    if (kind === 'gauge') {
      const gauge: Gauge = new Gauge({
        ...options,
        collect: () => {
          gauge.reset();
          for (const [values, number] of read()) gauge.set(values, number);
        },
      });
      return;
    }
    const counter: Counter = new Counter({
      ...options,
      collect: () => {
        counter.reset();
        for (const [values, number] of read()) counter.inc(values, number);
      },
    });
  }
}

const NO_LABELS = {};

/** A reading without labels. */
export const reading = (
  kind: Reading['kind'],
  name: string,
  help: string,
  value: () => number,
): Reading => ({ name, help, kind, read: () => [[NO_LABELS, value()]] });

/** Several readings without labels, each a row: kind, name, help, value. */
export const readings = (rows: readonly Parameters<typeof reading>[]): Reading[] =>
  rows.map((row) => reading(...row));
