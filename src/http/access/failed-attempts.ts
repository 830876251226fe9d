const windowMs = 60_000;
const failuresMax = 20;
const addressesMax = 1_024;

interface Failures {
  count: number;
  readonly since: number;
}

/**
 * Counts refused tokens by the address they came from. Beyond `failuresMax` in a minute they are
 * refused without a line in the log or the audit, and told when to come back. A good token is
 * let in all the same: 256 bits are not found by trying, and callers may share an address.
 */
export class FailedAttempts {
  private readonly byAddress = new Map<string, Failures>();

  constructor(private readonly now: () => number) {}

  /** Milliseconds after which to try again, or null while there have not been too many. */
  fail(address: string): number | null {
    const now = this.now();
    const known = this.byAddress.get(address);
    if (known === undefined || now - known.since >= windowMs) {
      this.byAddress.delete(address);
      this.forgetOldest();
      this.byAddress.set(address, { count: 1, since: now });
      return null;
    }
    known.count += 1;
    return known.count > failuresMax ? known.since + windowMs - now : null;
  }

  get size(): number {
    return this.byAddress.size;
  }

  /** The map keeps the order in which windows began. */
  private forgetOldest(): void {
    const [oldest] = this.byAddress.keys();
    if (this.byAddress.size >= addressesMax && oldest !== undefined) this.byAddress.delete(oldest);
  }
}
