/** One field that differs between two versions of a record; undefined on the side without it. */
export interface FieldChange {
  readonly field: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export type RecordBody = Readonly<Record<string, unknown>>;

/** What every record has and every change moves: it would drown what really changed. */
const KEPT_OUT = new Set(['version', 'updatedAt', 'createdAt', 'namespace', 'id', 'fence']);
const fieldsMax = 500;
const NOTHING = 'none';

/** `labels.zone: eu → us`: the leaves that differ, by path, in the order of their paths. */
export function differences(before: RecordBody | null, after: RecordBody | null): FieldChange[] {
  const [old, fresh] = [leavesOf(before), leavesOf(after)];
  const fields = [...new Set([...old.keys(), ...fresh.keys()])].sort();
  return fields
    .map((field) => ({ field, before: old.get(field), after: fresh.get(field) }))
    .filter((change) => said(change.before) !== said(change.after));
}

/** Something empty that comes or goes with its parts is no change of its own. */
const said = (text: string | undefined): string => (text === NOTHING ? '' : (text ?? ''));

/** Nested values as paths, so that one changed label is one changed line. */
export function leavesOf(record: RecordBody | null, keptOut = KEPT_OUT): Map<string, string> {
  const leaves = new Map<string, string>();
  const open: (readonly [string, unknown])[] = Object.entries(record ?? {})
    .filter(([name]) => !keptOut.has(name))
    .reverse();
  for (let next = open.pop(); next !== undefined && leaves.size < fieldsMax; next = open.pop()) {
    const [path, value] = next;
    const inner = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    if (inner.length === 0) leaves.set(path, textOf(value));
    else for (const [name, each] of inner.reverse()) open.push([`${path}.${name}`, each]);
  }
  return leaves;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  return isEmpty ? NOTHING : JSON.stringify(value);
}
