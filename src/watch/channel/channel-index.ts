import type { ChangeText } from '../change-text.js';
import { passesFields, type WatchFilter } from '../watch-filter.js';
import type { WatchChannel } from './watch-channel.js';

/** Which of namespace, kind and id a filter names: eight shapes, each with a table of its own. */
const NAMESPACE = 4;
const KIND = 2;
const ID = 1;

/**
 * Finds the channels that a change is for without asking each: a thousand watchers of single
 * records cost a change one look-up for every shape of filter that is in use.
 */
export class ChannelIndex {
  private readonly byShape: Map<string, Set<WatchChannel>>[] = Array.from(
    { length: 8 },
    () => new Map<string, Set<WatchChannel>>(),
  );
  private count = 0;

  get isEmpty(): boolean {
    return this.count === 0;
  }

  add(channel: WatchChannel): void {
    const { table, key } = this.placeOf(channel.filter);
    const channels = table.get(key);
    if (channels === undefined) table.set(key, new Set([channel]));
    else channels.add(channel);
    this.count += 1;
  }

  remove(channel: WatchChannel): void {
    const { table, key } = this.placeOf(channel.filter);
    const channels = table.get(key);
    if (!channels?.delete(channel)) return;
    this.count -= 1;
    if (channels.size === 0) table.delete(key);
  }

  /** Calls `visit` for every channel whose filter the change passes. */
  forEachPassed(text: ChangeText, visit: (channel: WatchChannel) => void): void {
    const { change } = text;
    for (let shape = 0; shape < this.byShape.length; shape += 1) {
      const table = this.byShape[shape] as Map<string, Set<WatchChannel>>;
      if (table.size === 0) continue;
      const id = (shape & ID) === 0 ? '' : text.id;
      const channels = table.get(keyOf(shape, change.namespace, change.kind, id));
      if (channels === undefined) continue;
      for (const channel of channels) if (passesFields(channel.filter, change)) visit(channel);
    }
  }

  private placeOf({ namespace, kind, id }: WatchFilter) {
    const shape =
      (namespace === null ? 0 : NAMESPACE) + (kind === null ? 0 : KIND) + (id === null ? 0 : ID);
    const table = this.byShape[shape] as Map<string, Set<WatchChannel>>;
    return { table, key: keyOf(shape, namespace ?? '', kind ?? '', id ?? '') };
  }
}

/** Neither namespaces nor kinds hold a space, so the parts cannot run into each other. */
function keyOf(shape: number, namespace: string, kind: string, id: string): string {
  const first = (shape & NAMESPACE) === 0 ? '' : namespace;
  const second = (shape & KIND) === 0 ? '' : kind;
  return (shape & ID) === 0 ? `${first} ${second}` : `${first} ${second} ${id}`;
}
