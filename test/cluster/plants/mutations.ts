/**
 * Faults planted into the built program while it loads, to prove that the harness finds them: a
 * test that has never failed proves nothing. Each names the text it replaces, and a text that is
 * no longer there fails the run instead of planting nothing.
 */
export interface Mutation {
  /** End of the module's URL. */
  readonly module: string;
  readonly find: string;
  readonly replace: string;
}

export type PlantName = 'double-apply' | 'early-preconditions';

export const MUTATIONS: { readonly [P in PlantName]: readonly Mutation[] } = {
  /** A retry is applied again: as if commandIds were not deduplicated in the replicated state. */
  'double-apply': [],
  /** `expect` is decided by the leader before it proposes, and no more when applied. */
  'early-preconditions': [],
};
