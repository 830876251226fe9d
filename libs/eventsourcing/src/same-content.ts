/**
 * Deep equality of JSON values under which the order of properties does not matter and a property
 * that is null or undefined counts as absent: the equality that `hashContent` respects.
 */
export function sameContent(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object') return isAbsent(left, right);
  if (left === null || right === null) return isAbsent(left, right);
  if (Array.isArray(left) || Array.isArray(right)) return sameList(left, right);
  return sameObject(left as Properties, right as Properties);
}

type Properties = Readonly<Record<string, unknown>>;

const isAbsent = (left: unknown, right: unknown): boolean =>
  (left === null || left === undefined) && (right === null || right === undefined);

function sameList(left: unknown, right: unknown): boolean {
  if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
  return left.every((value, at) => sameContent(value, right[at]));
}

function sameObject(left: Properties, right: Properties): boolean {
  for (const name in left) {
    if (!sameContent(left[name], own(right, name))) return false;
  }
  for (const name in right) {
    if (isPresent(right[name]) && !isPresent(own(left, name))) return false;
  }
  return true;
}

const isPresent = (value: unknown): boolean => value !== null && value !== undefined;

/** Not what an object inherits: a label may be called `constructor`. */
const own = (object: Properties, name: string): unknown =>
  Object.hasOwn(object, name) ? object[name] : undefined;
