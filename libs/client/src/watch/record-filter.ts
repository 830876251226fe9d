import type { WatchFilter } from './watch-types.js';

type Plain = Readonly<Record<string, unknown>>;

/**
 * Whether a record passes a watch's filter, by the server's rules. A change also comes to a watch
 * when only the record before it passed: this tells a record that stays from one that leaves.
 */
export function passesFilter(filter: WatchFilter, kind: string, record: Plain): boolean {
  return Object.entries(filter).every(([name, wanted]) => {
    if (name === 'kind') return kind === wanted;
    if (name === 'label') return hasLabel(record['labels'], String(wanted));
    return record[name] === wanted;
  });
}

function hasLabel(labels: unknown, wanted: string): boolean {
  if (typeof labels !== 'object' || labels === null) return false;
  const split = wanted.indexOf('=');
  const name = split < 0 ? wanted : wanted.slice(0, split);
  if (!Object.hasOwn(labels, name)) return false;
  return split < 0 || (labels as Plain)[name] === wanted.slice(split + 1);
}
