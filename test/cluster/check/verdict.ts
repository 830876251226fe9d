/** Everything that the checks found, put into one answer. */
export interface Findings {
  /** Broken promises. */
  readonly violations: readonly string[];
  /** What could not be decided, or done: no pass either. */
  readonly doubts: readonly string[];
  readonly counts: Readonly<Record<string, OperationCount>>;
}

export interface OperationCount {
  readonly answered: number;
  readonly unknown: number;
  readonly failed: number;
}

export interface RunVerdict {
  readonly verdict: 'PASS' | 'FAIL' | 'NO PASS';
  readonly reasons: readonly string[];
}

/** Below these a run has tested the harness, not the product. */
export const answeredMin = 200;
const answeredShareMin = 0.3;

/**
 * FAIL: a promise was broken. NO PASS: nothing was found, but too little was tried to say so: too
 * few operations were answered, or some operation never was.
 */
export function judge({ violations, doubts, counts }: Findings): RunVerdict {
  if (violations.length > 0) return { verdict: 'FAIL', reasons: violations };
  const reasons = [...doubts, ...tooLittle(counts)];
  return { verdict: reasons.length > 0 ? 'NO PASS' : 'PASS', reasons };
}

function tooLittle(counts: Findings['counts']): string[] {
  const rows = Object.entries(counts);
  const sum = (pick: (count: OperationCount) => number): number =>
    rows.reduce((total, [, count]) => total + pick(count), 0);
  const answered = sum((count) => count.answered);
  const all = answered + sum((count) => count.unknown) + sum((count) => count.failed);
  const reasons = rows
    .filter(([, count]) => count.answered === 0)
    .map(([name]) => `${name} was never answered`);
  if (answered < answeredMin) reasons.push(`only ${answered} operations were answered`);
  if (answered < all * answeredShareMin) {
    reasons.push(`only ${answered} of ${all} operations were answered`);
  }
  return reasons;
}
