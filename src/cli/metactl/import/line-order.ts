import type { ImportCommand } from './import-line.js';

/**
 * Which commands must not overtake each other. A record stands at a path; commands about the same
 * record, or about something that contains it, are in conflict: `EvictTenant acme` waits for what
 * is under way for acme's resources, and they for it. A command whose record is not recognized
 * waits for everything in its namespace.
 */
export class LineOrder {
  /** How many commands under way stand exactly here. */
  private readonly exactly = new Map<string, number>();
  /** How many stand here or below. */
  private readonly below = new Map<string, number>();

  admits(path: readonly string[]): boolean {
    if (this.below.has(keyOf(path, path.length))) return false;
    for (let depth = 1; depth < path.length; depth += 1) {
      if (this.exactly.has(keyOf(path, depth))) return false;
    }
    return true;
  }

  begin(path: readonly string[]): void {
    this.add(path, 1);
  }

  end(path: readonly string[]): void {
    this.add(path, -1);
  }

  private add(path: readonly string[], by: 1 | -1): void {
    bump(this.exactly, keyOf(path, path.length), by);
    for (let depth = 1; depth <= path.length; depth += 1) bump(this.below, keyOf(path, depth), by);
  }
}

export function recordPath({ namespace, data }: ImportCommand): string[] {
  const text = (key: string): string | null => {
    const value = data[key];
    return typeof value === 'string' ? value : null;
  };
  const within = (family: string, owner: string, member: string | null): string[] =>
    member === null ? [namespace, family, owner] : [namespace, family, owner, member];
  const tenant = text('tenantId');
  if (tenant !== null) return within('tenants', tenant, text('resourceId'));
  const service = text('service');
  if (service !== null) return within('services', service, text('instanceId'));
  const map = text('map');
  if (map !== null) return within('shard-maps', map, null);
  const table = text('table');
  return table !== null ? within('routing-tables', table, null) : [namespace];
}

function keyOf(path: readonly string[], depth: number): string {
  return path.slice(0, depth).join('\0');
}

function bump(counts: Map<string, number>, key: string, by: 1 | -1): void {
  const now = (counts.get(key) ?? 0) + by;
  if (now === 0) counts.delete(key);
  else counts.set(key, now);
}
