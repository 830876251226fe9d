/** One operation on a register, as its client saw it. Times are virtual milliseconds. */
export interface Operation {
  readonly kind: 'write' | 'read';
  readonly key: string;
  /** What was written, or what was read; '' is the initial value. Written values are unique. */
  value: string;
  readonly invokedAt: number;
  /** Infinity while the outcome is not known: it may take effect at any time. */
  completedAt: number;
}

interface Zone {
  /** The first completion of an operation with this value. */
  readonly low: number;
  /** The last invocation of one. */
  readonly high: number;
  readonly value: string;
}

/**
 * Is a register's history linearizable? For registers whose written values are unique there is an
 * exact and fast answer (Gibbons and Korach, "Testing Shared Memories", 1997): all operations on
 * one value form a cluster. A cluster whose first completion comes before its last invocation must
 * hold the register over that whole time (a forward zone); two such zones must not overlap, and no
 * other cluster may lie within one. Returns what is wrong, or null.
 */
export function linearizabilityFault(key: string, operations: readonly Operation[]): string | null {
  const clusters = new Map<string, Operation[]>();
  clusters.set('', [{ kind: 'write', key, value: '', invokedAt: -1, completedAt: -1 }]);
  for (const operation of operations) {
    if (operation.kind === 'write') clusters.set(operation.value, [operation]);
  }
  for (const read of operations) {
    if (read.kind !== 'read') continue;
    const cluster = clusters.get(read.value);
    if (cluster === undefined) return `${key}: read ${read.value}, which nobody wrote`;
    if (read.completedAt < (cluster[0]?.invokedAt ?? 0)) {
      return `${key}: read ${read.value} before it was written`;
    }
    cluster.push(read);
  }
  const zones = [...clusters].map(([value, cluster]): Zone => {
    const low = Math.min(...cluster.map((operation) => operation.completedAt));
    const high = Math.max(...cluster.map((operation) => operation.invokedAt));
    return { low, high, value };
  });
  return zoneFault(key, zones);
}

function zoneFault(key: string, zones: readonly Zone[]): string | null {
  const forward = zones.filter(({ low, high }) => low < high).sort((a, b) => a.low - b.low);
  for (let at = 1; at < forward.length; at += 1) {
    const [before, after] = [forward[at - 1] as Zone, forward[at] as Zone];
    if (after.low < before.high) {
      return `${key}: ${before.value || 'the initial value'} was read after ${after.value}`;
    }
  }
  for (const { low, high, value } of zones) {
    if (low < high) continue;
    // A backward zone reaches from its last invocation to its first completion.
    const around = forward.find((zone) => zone.low < high && low < zone.high);
    if (around !== undefined)
      return `${key}: ${value} came and went while ${around.value} was read`;
  }
  return null;
}
