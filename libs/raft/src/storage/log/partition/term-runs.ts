/**
 * The term of every index as a piecewise constant function: a term change costs two numbers, an
 * entry nothing. Outside what was assigned it answers with the nearest run: callers check bounds.
 */
export class TermRuns {
  /** start₀, term₀, start₁, term₁ … with rising starts. */
  private runs: number[] = [];
  /** The last of them, which is nearly always the one that is meant. */
  private newestStart = Infinity;
  private newestTerm = 0;

  at(index: number): number {
    if (index >= this.newestStart) return this.newestTerm;
    const run = this.runAt(index);
    return run < 0 ? 0 : (this.runs[run * 2 + 1] as number);
  }

  /** Indexes [first, last] have this term, whatever they had. */
  assign(first: number, last: number, term: number): void {
    if (first > this.newestStart && term === this.newestTerm) return;
    this.put(first, last, term);
    this.noteNewest();
  }

  /** Forgets what comes after `last`. */
  cutAfter(last: number): void {
    const { runs } = this;
    while (runs.length > 0 && (runs[runs.length - 2] as number) > last) runs.length -= 2;
    this.noteNewest();
  }

  /** Forgets what is not needed to answer for `first` and later. */
  dropBefore(first: number): void {
    const run = this.runAt(first);
    if (run > 0) this.runs.splice(0, run * 2);
  }

  clear(): void {
    this.runs = [];
    this.noteNewest();
  }

  private put(first: number, last: number, term: number): void {
    const { runs } = this;
    if (first > this.newestStart) {
      runs.push(first, term);
      return;
    }
    const after = this.runAt(last + 1);
    const termAfter = after < 0 ? null : (runs[after * 2 + 1] as number);
    const from = this.runAt(first - 1) + 1;
    const joined = from > 0 && runs[from * 2 - 1] === term;
    const added = joined ? [] : [first, term];
    if (termAfter !== null && termAfter !== term) added.push(last + 1, termAfter);
    runs.splice(from * 2, (after + 1 - from) * 2, ...added);
  }

  private noteNewest(): void {
    const { runs } = this;
    this.newestStart = runs[runs.length - 2] ?? Infinity;
    this.newestTerm = runs[runs.length - 1] ?? 0;
  }

  /** The run that holds `index`, −1 when it lies before all. */
  private runAt(index: number): number {
    const { runs } = this;
    let low = 0;
    let high = runs.length / 2 - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if ((runs[middle * 2] as number) <= index) low = middle + 1;
      else high = middle - 1;
    }
    return high;
  }
}
