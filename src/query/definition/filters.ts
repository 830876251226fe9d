import { z } from 'zod';
import type { Bind } from './query-definition.js';

const CLEAN = /^[^\p{Cc}\p{Cs}]*$/u;
const bytesMax = 1_024;

/** A name to look for: what a record could hold, and nothing that SQL or JSON could not carry. */
export const nameParam = z
  .string()
  .min(1, 'must not be empty')
  .regex(CLEAN, 'must not contain control characters or half a surrogate pair')
  .refine((text) => Buffer.byteLength(text) <= bytesMax, `must not exceed ${bytesMax} bytes`);

/** `"app=web"`, `"app"` for any value, or `{"app": "web", …}` for all of several. */
export const labelParam = z.union([nameParam, z.record(nameParam, z.string().regex(CLEAN))], {
  error: 'must be "name=value", "name" or an object of names and values',
});
export type LabelParam = z.infer<typeof labelParam>;

export const equals =
  (column: string) =>
  (value: string, bind: Bind): string =>
    `${column} = ${bind(value)}`;

/** The array column holds the value. */
export const holds =
  (column: string) =>
  (value: string, bind: Bind): string =>
    `${column} @> ARRAY[${bind(value)}]::text[]`;

/** The labels of `column` (jsonb, with a GIN index) hold what is asked. */
export const labelled =
  (column: string) =>
  (label: LabelParam, bind: Bind): string => {
    if (typeof label !== 'string') return `${column} @> ${bind(JSON.stringify(label))}::jsonb`;
    const split = label.indexOf('=');
    if (split < 0) return `${column} ? ${bind(label)}`;
    const wanted = { [label.slice(0, split)]: label.slice(split + 1) };
    return `${column} @> ${bind(JSON.stringify(wanted))}::jsonb`;
  };
