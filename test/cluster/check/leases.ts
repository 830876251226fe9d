/** A claim with a time to live that its owner saw granted, or granted again. */
export interface SeenGrant {
  readonly resource: string;
  readonly owner: string;
  readonly fence: number;
  /** Milliseconds on one monotonic clock. */
  readonly calledAt: number;
  readonly returnedAt: number;
}

/**
 * A lease never ends early: nobody else is granted a resource before the time to live is over,
 * counted from the call of the owner's last renewal (its log time cannot be before that). And a
 * later grant has a higher fence. Nobody gives up a lease in this workload.
 */
export function checkLeases(grants: readonly SeenGrant[], ttlMs: number): string[] {
  const faults: string[] = [];
  for (const [resource, ofOne] of byResource(grants)) {
    const tenures = inOrderOfFences(ofOne);
    for (const [at, tenure] of tenures.entries()) {
      const next = tenures[at + 1];
      const owners = new Set(tenure.map(({ owner }) => owner));
      if (owners.size > 1) faults.push(`${resource}: one fence for ${[...owners].join(' and ')}`);
      if (!next) continue;
      const lastCall = Math.max(...tenure.map(({ calledAt }) => calledAt));
      const granted = Math.min(...next.map(({ returnedAt }) => returnedAt));
      const early = Math.round(lastCall + ttlMs - granted);
      if (early > 0) {
        const [from, to] = [tenure[0], next[0]];
        faults.push(
          `${resource}: the lease of ${from?.owner} (fence ${from?.fence}) ended ` +
            `${early} ms early, for ${to?.owner} (fence ${to?.fence})`,
        );
      }
    }
  }
  return faults;
}

function byResource(grants: readonly SeenGrant[]): Map<string, SeenGrant[]> {
  const groups = new Map<string, SeenGrant[]>();
  for (const grant of grants) {
    groups.set(grant.resource, [...(groups.get(grant.resource) ?? []), grant]);
  }
  return groups;
}

/** Grants of one fence belong together: the first claim and its renewals. */
function inOrderOfFences(grants: readonly SeenGrant[]): SeenGrant[][] {
  const tenures = new Map<number, SeenGrant[]>();
  for (const grant of grants) {
    tenures.set(grant.fence, [...(tenures.get(grant.fence) ?? []), grant]);
  }
  return [...tenures].sort(([a], [b]) => a - b).map(([, tenure]) => tenure);
}
