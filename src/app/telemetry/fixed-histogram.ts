/** One sample of a metric, in the words of prom-client. */
interface Sample {
  readonly metricName: string;
  readonly labels: Record<string, string>;
  readonly value: number;
}

/** Seconds: from what a look-up in memory takes to what only a lost leader explains. */
const BOUNDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/**
 * A histogram of durations without labels: an observation is a short search and two additions in
 * arrays made once. prom-client's own hashes labels each time, which a command would pay for.
 */
export class FixedHistogram {
  /** The last one is for what is above all bounds. */
  private readonly counts = new Float64Array(BOUNDS.length + 1);
  private sum = 0;

  constructor(
    readonly name: string,
    readonly help: string,
  ) {}

  observe(seconds: number): void {
    let at = 0;
    while (at < BOUNDS.length && seconds > (BOUNDS[at] as number)) at += 1;
    this.counts[at] = (this.counts[at] as number) + 1;
    this.sum += seconds;
  }

  /** What a registry asks of its metrics. */
  get(): Promise<{ name: string; help: string; type: 'histogram'; values: Sample[] }> {
    const { name, help, sum } = this;
    const values: Sample[] = [];
    let below = 0;
    for (const [at, count] of this.counts.entries()) {
      below += count;
      const le = at < BOUNDS.length ? String(BOUNDS[at]) : '+Inf';
      values.push({ metricName: `${name}_bucket`, labels: { le }, value: below });
    }
    values.push({ metricName: `${name}_sum`, labels: {}, value: sum });
    values.push({ metricName: `${name}_count`, labels: {}, value: below });
    return Promise.resolve({ name, help, type: 'histogram', values });
  }
}
