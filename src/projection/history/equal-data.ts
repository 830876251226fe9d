type Fields = Readonly<Record<string, unknown>>;

/** True if two JSON values have the same canonical text; the same object is found equal at once. */
export function isEqualData(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object') return false;
  if (one === null || other === null || Array.isArray(one) !== Array.isArray(other)) return false;
  const [left, right] = [one as Fields, other as Fields];
  for (const name in left) if (!isEqualData(left[name], own(right, name))) return false;
  for (const name in right)
    if (right[name] !== undefined && !Object.hasOwn(left, name)) return false;
  return Array.isArray(one) ? one.length === (other as readonly unknown[]).length : true;
}

/** Not what an object inherits: a label may be called `constructor`. */
const own = (object: Fields, name: string): unknown =>
  Object.hasOwn(object, name) ? object[name] : undefined;
