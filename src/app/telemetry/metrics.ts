import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** One number that a part of the node keeps anyway; read when Prometheus asks. */
export interface Reading {
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  readonly labels?: readonly string[];
  /** Label values and the number; an empty object when there are no labels. */
  readonly read: () => Iterable<readonly [Readonly<Record<string, string>>, number]>;
}

const secondsBuckets = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** Everything `/metrics` shows. Names follow Prometheus: base units, `_total` for counters. */
export class Metrics {
  readonly registry = new Registry();
  private readonly commands: Counter<'command' | 'outcome'>;
  private readonly commandSeconds: Histogram;
  private readonly queries: Counter<'query' | 'outcome'>;
  private readonly querySeconds: Histogram;

  constructor(labels: { readonly node: string; readonly cluster: string }) {
    const registers = [this.registry];
    this.registry.setDefaultLabels(labels);
    collectDefaultMetrics({ register: this.registry });
    this.commands = new Counter({
      name: 'metad_commands_total',
      help: 'Commands answered by this node, by outcome or error code.',
      labelNames: ['command', 'outcome'],
      registers,
    });
    this.commandSeconds = new Histogram({
      name: 'metad_command_duration_seconds',
      help: 'From the arrival of a command at this node to its reply.',
      buckets: secondsBuckets,
      registers,
    });
    this.queries = new Counter({
      name: 'metad_queries_total',
      help: 'Queries answered by this node, by outcome or error code.',
      labelNames: ['query', 'outcome'],
      registers,
    });
    this.querySeconds = new Histogram({
      name: 'metad_query_duration_seconds',
      help: 'From the arrival of a query at this node to its reply.',
      buckets: secondsBuckets,
      registers,
    });
  }

  /** `command` must be a known name: labels from outside would grow without bound. */
  commandAnswered(command: string, outcome: string, seconds: number): void {
    this.commands.inc({ command, outcome });
    this.commandSeconds.observe(seconds);
  }

  queryAnswered(query: string, outcome: string, seconds: number): void {
    this.queries.inc({ query, outcome });
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
