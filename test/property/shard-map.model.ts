import { isSame, textOf } from './kind-model.js';
import type { Fields, KindModel, ModelRecord } from './kind-model.js';

/** The keyspace of the model is cut into this many cells; every bound lies between two of them. */
export const CELLS = 8;
export const hashBound = (cell: number): number => cell * (2 ** 32 / CELLS);
export const rangeBound = (cell: number): string =>
  cell === 0 || cell === CELLS ? '' : `k${cell}`;

interface Holder {
  node: string;
  replicas: string[];
}

/**
 * A shard map as the list of who holds each cell: it cannot but be complete. What the machine keeps
 * as bounds is derived from it and compared.
 */
export class ShardMapModel implements KindModel {
  readonly records = new Map<string, ModelRecord>();
  private readonly maps = new Map<
    string,
    { keyspace: string; cells: string[]; holders: Map<string, Holder> }
  >();

  keyOf(_command: string, data: Fields): string {
    return `shard-map:${textOf(data, 'map')}`;
  }

  apply(command: string, data: Fields): string {
    const name = textOf(data, 'map');
    const before = this.show(name);
    const verdict = this.change(command, name, data);
    if (verdict !== 'applied') return verdict;
    const after = this.show(name);
    if (isSame(before, after)) return 'noop';
    const key = `shard-map:${name}`;
    const version = (this.records.get(key)?.version ?? 0) + 1;
    if (after === null) this.records.delete(key);
    else this.records.set(key, { value: after, version, fence: null, since: 0, ttlMs: null });
    return 'applied';
  }

  private change(command: string, name: string, data: Fields): string {
    if (command === 'CreateShardMap') return this.create(name, data);
    const map = this.maps.get(name);
    if (map === undefined) return 'NOT_FOUND';
    if (command === 'DropShardMap') {
      this.maps.delete(name);
      return 'applied';
    }
    const { cells, holders } = map;
    if (command === 'MoveShard') {
      const holder = holders.get(textOf(data, 'shardId'));
      if (holder === undefined) return 'NOT_FOUND';
      holder.node = textOf(data, 'node');
      holder.replicas = (data['replicas'] as string[] | undefined) ?? [];
      return 'applied';
    }
    if (command === 'MergeShards') {
      const [into, from] = [textOf(data, 'into'), textOf(data, 'from')];
      if (!holders.has(into) || !holders.has(from)) return 'NOT_FOUND';
      const touch = cells.some((id, at) => {
        const next = cells[at + 1];
        return (id === into && next === from) || (id === from && next === into);
      });
      if (into === from || !touch) return 'RULE_VIOLATED';
      cells.forEach((id, at) => (cells[at] = id === from ? into : id));
      holders.delete(from);
      return 'applied';
    }
    return this.split(map, data);
  }

  private split(map: NonNullable<ReturnType<typeof this.maps.get>>, data: Fields): string {
    const { cells, holders, keyspace } = map;
    const [shardId, newShardId] = [textOf(data, 'shardId'), textOf(data, 'newShardId')];
    const holder = holders.get(shardId);
    if (holder === undefined) return 'NOT_FOUND';
    if (holders.has(newShardId)) return 'RULE_VIOLATED';
    const bound = keyspace === 'hash' ? hashBound : rangeBound;
    const at = cells.findIndex((_id, cell) => cell > 0 && bound(cell) === data['at']);
    if (at < 0 || cells[at] !== shardId || cells[at - 1] !== shardId) return 'RULE_VIOLATED';
    for (let cell = at; cells[cell] === shardId; cell += 1) cells[cell] = newShardId;
    const node = data['node'] as string | undefined;
    const given = data['replicas'] as string[] | undefined;
    holders.set(newShardId, {
      node: node ?? holder.node,
      replicas: given ?? (node === undefined ? holder.replicas : []),
    });
    return 'applied';
  }

  private create(name: string, data: Fields): string {
    const shards = data['shards'] as (Holder & {
      shardId: string;
      start: unknown;
      end: unknown;
    })[];
    const keyspace = textOf(data, 'keyspace');
    const bound: (cell: number) => unknown = keyspace === 'hash' ? hashBound : rangeBound;
    const cells: string[] = Array.from({ length: CELLS }, () => '');
    const holders = new Map<string, Holder>();
    for (const { shardId, start, end, node, replicas = [] } of shards) {
      const from = bound(0) === start ? 0 : cells.findIndex((_, cell) => bound(cell) === start);
      const to = cells.findIndex((_, cell) => cell + 1 > from && bound(cell + 1) === end) + 1;
      if (holders.has(shardId) || to === 0) return 'RULE_VIOLATED';
      holders.set(shardId, { node, replicas });
      for (let cell = from; cell < to; cell += 1) {
        if (cells[cell] !== '') return 'RULE_VIOLATED';
        cells[cell] = shardId;
      }
    }
    if (this.maps.has(name)) {
      const made = show(name, { keyspace, cells, holders });
      return isSame(this.show(name), made) ? 'noop' : 'RULE_VIOLATED';
    }
    if (cells.includes('')) return 'RULE_VIOLATED';
    this.maps.set(name, { keyspace, cells, holders });
    return 'applied';
  }

  private show(name: string): Record<string, unknown> | null {
    const map = this.maps.get(name);
    return map === undefined ? null : show(name, map);
  }
}

function show(
  map: string,
  { keyspace, cells, holders }: { keyspace: string; cells: string[]; holders: Map<string, Holder> },
): Record<string, unknown> {
  const bound = keyspace === 'hash' ? hashBound : rangeBound;
  const shards = [...holders].map(([shardId, holder]) => {
    const start = bound(cells.indexOf(shardId));
    const end = bound(cells.lastIndexOf(shardId) + 1);
    return { shardId, start, end, ...holder };
  });
  shards.sort((a, b) => cells.indexOf(a.shardId) - cells.indexOf(b.shardId));
  return { map, keyspace, shards };
}
