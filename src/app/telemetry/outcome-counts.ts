/** Names that come from outside could be without end: what is beyond this is counted as `other`. */
const namesMax = 256;

/**
 * Counts by name and outcome in plain maps: two look-ups and an addition on the way of a request,
 * labels and text only when somebody asks.
 */
export class OutcomeCounts {
  private readonly counts = new Map<string, Map<string, number>>();

  add(name: string, outcome: string): void {
    let byOutcome = this.counts.get(name);
    if (byOutcome === undefined) {
      const key = this.counts.size < namesMax ? name : 'other';
      byOutcome = this.counts.get(key) ?? new Map<string, number>();
      this.counts.set(key, byOutcome);
    }
    byOutcome.set(outcome, (byOutcome.get(outcome) ?? 0) + 1);
  }

  /** Label values with their count; the first label is called `label`. */
  *read(label: string): Generator<readonly [Readonly<Record<string, string>>, number]> {
    for (const [name, byOutcome] of this.counts) {
      for (const [outcome, count] of byOutcome) yield [{ [label]: name, outcome }, count];
    }
  }
}
