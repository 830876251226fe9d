import { z } from 'zod';
import type { CommandRequest } from '@metad/contract';
import { expectationFaults } from '../kinds/index.js';
import { invalidArgument } from './request-body.js';

const plainText = (charsMax: number) =>
  z
    .string()
    .max(charsMax)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters or half a surrogate pair');

const expectation = z.unknown().superRefine((expect, context) => {
  if (expect === undefined) return;
  for (const { path, reason } of expectationFaults(expect)) {
    context.addIssue({ code: 'custom', path: [...path], message: reason });
  }
});

/** The envelope around every command; `data` is checked by the command's own schema. */
const envelopeSchema = z.strictObject({
  commandId: z.uuid('must be a UUID'),
  data: z.record(z.string(), z.unknown()),
  expect: expectation.optional(),
  deadline: z.iso.datetime({ offset: true }).optional(),
  meta: z
    .strictObject({
      actor: plainText(256).optional(),
      reason: plainText(1024).optional(),
      correlationId: plainText(128).optional(),
      causationId: plainText(128).optional(),
    })
    .optional(),
  dryRun: z.boolean().optional(),
  namespace: z.string().max(64).optional(),
  command: z.string().max(64).optional(),
});

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;
const nameMax = 64;

/**
 * An id, an object and two names are all that most commands hold: those pass without the schema,
 * which costs ten times as much. Whatever is not plainly right is for the schema to judge.
 */
function isPlainlyRight(value: Readonly<Record<string, unknown>>): boolean {
  const { commandId, data } = value;
  if (typeof commandId !== 'string' || !UUID.test(commandId)) return false;
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return false;
  for (const name in value) {
    if (name === 'commandId' || name === 'data') continue;
    if (name !== 'namespace' && name !== 'command') return false;
    const given = value[name];
    if (typeof given !== 'string' || given.length > nameMax) return false;
  }
  return true;
}

/** Throws INVALID_ARGUMENT naming every field at fault. */
export function parseEnvelope(value: Readonly<Record<string, unknown>>): CommandRequest {
  if (isPlainlyRight(value)) return value as unknown as CommandRequest;
  const parsed = envelopeSchema.safeParse(value);
  if (!parsed.success) throw invalidArgument(faultsOf(parsed.error, ''));
  return value as unknown as CommandRequest;
}

/** zod's issues as the contract's field faults; an unknown key is a fault of that key. */
export function faultsOf(error: z.ZodError, prefix: string) {
  return error.issues.slice(0, 20).flatMap((issue) => {
    const path = [...(prefix === '' ? [] : [prefix]), ...issue.path.map(String)];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        field: [...path, key].join('.'),
        reason: 'is not a known field',
      }));
    }
    return [{ field: path.join('.'), reason: issue.message }];
  });
}
