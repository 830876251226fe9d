import { invariant } from '@metad/foundation';

export interface CheckResult {
  readonly ok: boolean;
  /** One line for the operator: what is wrong, or how it stands. */
  readonly detail: string;
}

export type Probe = 'live' | 'ready' | 'startup';

interface Check {
  readonly name: string;
  readonly probes: readonly Probe[];
  readonly check: () => CheckResult;
}

export interface ProbeReport {
  readonly ok: boolean;
  readonly checks: readonly (CheckResult & { readonly name: string })[];
}

/** Each part registers what it knows of its own health; a probe asks the parts it concerns. */
export class HealthChecks {
  private readonly checks: Check[] = [];

  register(name: string, probes: readonly Probe[], check: () => CheckResult): void {
    invariant(!this.checks.some((known) => known.name === name), 'a check is registered once');
    this.checks.push({ name, probes, check });
  }

  report(probe: Probe): ProbeReport {
    const checks = this.checks
      .filter((check) => check.probes.includes(probe))
      .map(({ name, check }) => ({ name, ...check() }));
    return { ok: checks.every((check) => check.ok), checks };
  }
}
