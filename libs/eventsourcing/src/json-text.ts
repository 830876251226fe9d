import type { Value } from './record.js';

// The value whose text was made last. Values are never changed once made, so its identity stands
// for its content.
let lastValue: Value | null = null;
let lastText = '';

/**
 * `JSON.stringify` of a value, which is remembered for the next call: a command's data are, as they
 * stand, in its event, in the record that follows from it, and in the answer.
 */
export function jsonText(value: Value): string {
  if (value === lastValue) return lastText;
  const text = JSON.stringify(value);
  lastValue = value;
  lastText = text;
  return text;
}
