/**
 * Says of a command's data that they surely pass its schema, at a twentieth of the cost: printable
 * ASCII of moderate length is nearly all that ever comes. False says nothing: the schema judges.
 */
export type PlainCheck = (value: unknown) => boolean;

const labelsMax = 64;
const unprintable = /[^ -~]/;

/**
 * Looks for a character that does not belong: a pattern for the whole text would keep a way back
 * for every character, and ask for memory to do so.
 */
const textWithout =
  (pattern: RegExp, charsMin: number, charsMax: number): PlainCheck =>
  (value) =>
    typeof value === 'string' &&
    value.length >= charsMin &&
    value.length <= charsMax &&
    !pattern.test(value);

/** Three of them are still a key within keyBytesMax. */
export const plainId = textWithout(/[^ -.0-~]/, 1, 128);
export const plainText = textWithout(unprintable, 1, 1_024);
const isPlainLabel = textWithout(unprintable, 0, 256);

export function plainLabels(value: unknown): boolean {
  if (!isObject(value)) return false;
  let left = labelsMax;
  for (const name in value) {
    left -= 1;
    if (left < 0 || name === '' || !isPlainLabel(name) || !isPlainLabel(value[name])) return false;
  }
  return true;
}

export const plainWhole =
  (min: number, max: number): PlainCheck =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;

/** An object with all of `required`, and nothing beside that but `optional`. */
export function plainObject(
  required: Readonly<Record<string, PlainCheck>>,
  optional: Readonly<Record<string, PlainCheck>> = {},
): PlainCheck {
  const checks = new Map(Object.entries({ ...optional, ...required }));
  const needed = Object.keys(required);
  return (value) => {
    if (!isObject(value)) return false;
    for (const name in value) {
      const check = checks.get(name);
      if (check === undefined || !check(value[name])) return false;
    }
    return needed.every((name) => value[name] !== undefined);
  };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
