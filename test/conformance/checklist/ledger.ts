/** What has been met of the contract's names: only an answer of the service ticks one off. */
export class Ledger {
  private readonly met = new Set<string>();

  note(topic: string, ...names: readonly string[]): void {
    for (const name of names) this.met.add(`${topic}: ${name}`);
  }

  missing(expected: readonly string[]): string[] {
    return expected.filter((name) => !this.met.has(name));
  }
}
