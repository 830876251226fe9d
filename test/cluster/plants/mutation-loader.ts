import { MUTATIONS } from './mutations.js';
import type { Mutation, PlantName } from './mutations.js';

/** Module hooks of Node (`module.register`) that rewrite single modules as they load. */
interface Loaded {
  readonly format: string;
  readonly source?: string | ArrayBuffer | Uint8Array;
}
type NextLoad = (url: string, context: object) => Promise<Loaded>;

let mutations: readonly Mutation[] = [];

export function initialize({ plant }: { readonly plant: PlantName }): void {
  mutations = MUTATIONS[plant];
}

export async function load(url: string, context: object, nextLoad: NextLoad): Promise<Loaded> {
  const loaded = await nextLoad(url, context);
  const mine = mutations.filter(({ module }) => url.endsWith(module));
  if (mine.length === 0) return loaded;
  const source = Buffer.from(loaded.source as Uint8Array).toString('utf8');
  return { ...loaded, source: mine.reduce(plant, source) };
}

function plant(source: string, { module, find, replace }: Mutation): string {
  if (!source.includes(find)) throw new Error(`the plant no longer fits ${module}: ${find}`);
  return source.replace(find, replace);
}
