import { LIMITS } from '@metad/contract';
import { z } from 'zod';

/**
 * Checks that the kinds' commands share. None of them transforms: what is checked is what enters
 * the log. Control characters and lone surrogates are refused everywhere, since neither Postgres
 * nor a NATS subject can carry them.
 */
const CLEAN = /^[^\p{Cc}\p{Cs}]*$/u;
const unclean = 'must not contain control characters or half a surrogate pair';
const textBytesMax = 1_024;

const within = (bytesMax: number) => (text: string) => Buffer.byteLength(text) <= bytesMax;

/** An id: 1 … 512 bytes of UTF-8, without `/`, as ids are joined with it to record keys. */
export const id = z
  .string()
  .min(1, 'must not be empty')
  .regex(CLEAN, unclean)
  .regex(/^[^/]*$/, 'must not contain a slash')
  .refine(within(LIMITS.keyBytesMax), `must not exceed ${LIMITS.keyBytesMax} bytes (keyBytesMax)`);

/** Text of up to 1,024 bytes; may be empty. */
export const cleanText = z
  .string()
  .regex(CLEAN, unclean)
  .refine(within(textBytesMax), `must not exceed ${textBytesMax} bytes`);

/** A name of something that lives elsewhere: a node, a cell, an owner, an address. */
export const text = cleanText.min(1, 'must not be empty');

const entriesMax = LIMITS.labelsMax;
const entryBytesMax = LIMITS.labelBytesMax;

/** Labels, metadata, headers: at most 64 pairs of at most 256 bytes for each name and value. */
export const labels = z.record(z.string(), z.string()).superRefine((pairs, context) => {
  const names = Object.keys(pairs);
  const fault = (message: string, ...path: string[]) =>
    context.addIssue({ code: 'custom', message, path });
  if (names.length > entriesMax) fault(`must not exceed ${entriesMax} entries (labelsMax)`);
  for (const name of names) {
    const value = pairs[name] as string;
    if (name === '') fault('must have a name', name);
    if (!CLEAN.test(name) || !CLEAN.test(value)) fault(unclean, name);
    if (!within(entryBytesMax)(name) || !within(entryBytesMax)(value)) {
      fault(`must not exceed ${entryBytesMax} bytes (labelBytesMax)`, name);
    }
  }
});

/** A list of distinct names. */
export const names = (countMax: number) =>
  z
    .array(text)
    .max(countMax, `must not exceed ${countMax} entries`)
    .refine((list) => new Set(list).size === list.length, 'must not repeat an entry');

export const ttlMsMin = 100;
export const ttlMsMax = 30 * 24 * 3_600_000;

/** A time to live in milliseconds: 100 … 30 days. */
export const ttlMs = z
  .int('must be a whole number of milliseconds')
  .min(ttlMsMin, `must be at least ${ttlMsMin}`)
  .max(ttlMsMax, `must not exceed ${ttlMsMax}`);

/**
 * A command's object whose record key is made of these fields, joined with slashes: together they
 * keep the limit on keys.
 */
export const keyedBy = <S extends z.ZodRawShape>(shape: S, ...fields: (keyof S & string)[]) =>
  z.strictObject(shape).superRefine((data, context) => {
    const key = fields.map((field) => (data as Readonly<Record<string, unknown>>)[field]).join('/');
    if (within(LIMITS.keyBytesMax)(key)) return;
    const message = `makes a key of more than ${LIMITS.keyBytesMax} bytes (keyBytesMax)`;
    context.addIssue({ code: 'custom', message, path: [fields.at(-1) as string] });
  });
