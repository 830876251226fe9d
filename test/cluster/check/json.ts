export type Json = Readonly<Record<string, unknown>>;

/** JSON with sorted names, so that equal values are equal texts. */
export function canonical(value: unknown): string {
  if (value === undefined) return 'null';
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const entries = Object.entries(value).filter(([, content]) => content !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, content]) => `"${name}":${canonical(content)}`).join(',')}}`;
}
