/** Nothing, shared: a list that is mostly empty costs nothing while it is. */
export const NONE: readonly never[] = [];

/**
 * `list` with `item` behind it, for lists that are made anew all the time and seldom hold more than
 * two items: `push` gives a new list room for seventeen. Start from `NONE`, and put the result in
 * the place of `list`: a longer one is the same, grown.
 */
export function withItem<T>(list: readonly T[], item: T): readonly T[] {
  if (list.length === 0) return [item];
  if (list.length === 1) return [list[0] as T, item];
  (list as T[]).push(item);
  return list;
}
