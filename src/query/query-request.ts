import {
  LIMITS,
  MetadError,
  type Consistency,
  type FieldFault,
  type QueryRequest,
} from '@metad/contract';
import { z } from 'zod';

/** A request whose every field has been checked. */
export interface CheckedRequest {
  readonly namespace: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly consistency: Consistency;
  readonly position: string | undefined;
  readonly maxLagMs: number | undefined;
  readonly limit: number | undefined;
  readonly cursor: string | undefined;
}

const levels = ['linearizable', 'session', 'bounded', 'any'] as const;
const positionCharsMax = 1_048_576;
const maxLagMsMax = 3_600_000;
const cursorCharsMax = 8_192;

const envelope = z.strictObject({
  params: z.record(z.string(), z.unknown()).optional(),
  consistency: z.enum(levels).optional(),
  position: z.string().max(positionCharsMax).optional(),
  maxLagMs: z.number().min(0).max(maxLagMsMax).optional(),
  limit: z.int().min(1).max(LIMITS.pageItemsMax).optional(),
  cursor: z.string().max(cursorCharsMax).optional(),
  namespace: z.string().optional(),
  query: z.string().optional(),
});

const isText = (value: unknown, charsMax: number): boolean =>
  typeof value === 'string' && value.length <= charsMax;
const isNumber = (value: unknown, min: number, max: number): boolean =>
  typeof value === 'number' && value >= min && value <= max;

/** What the schema above says, by hand: every look-up passes here, and hardly any is faulty. */
const SOUND: Readonly<Record<string, (value: unknown) => boolean>> = {
  params: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  consistency: (value) => levels.includes(value as Consistency),
  position: (value) => isText(value, positionCharsMax),
  maxLagMs: (value) => isNumber(value, 0, maxLagMsMax),
  limit: (value) => Number.isInteger(value) && isNumber(value, 1, LIMITS.pageItemsMax),
  cursor: (value) => isText(value, cursorCharsMax),
  namespace: (value) => typeof value === 'string',
  query: (value) => typeof value === 'string',
};

/** True only if the schema would find nothing; when false the schema says what is wrong. */
export function isSoundEnvelope(request: object): boolean {
  for (const [name, value] of Object.entries(request)) {
    if (!Object.hasOwn(SOUND, name)) return false;
    if (value !== undefined && SOUND[name]?.(value) !== true) return false;
  }
  return true;
}

/** The faults of the fields around the parameters. */
export const envelopeFaults = (request: object): FieldFault[] =>
  isSoundEnvelope(request) ? [] : faultsOf(envelope.safeParse(request).error, []);

/** Throws INVALID_ARGUMENT that names every faulty field of envelope and parameters. */
export function parseRequest(
  namespace: string,
  schema: z.ZodType,
  request: QueryRequest,
): CheckedRequest {
  const inner = schema.safeParse(request.params ?? {});
  const faults = [...envelopeFaults(request), ...faultsOf(inner.error, ['params'])];
  const named = request.namespace;
  if (named !== undefined && named !== namespace) {
    faults.push({ field: 'namespace', reason: `differs from the subject's, ${namespace}` });
  }
  if (request.consistency === 'bounded' && request.maxLagMs === undefined) {
    faults.push({ field: 'maxLagMs', reason: 'is required with consistency bounded' });
  }
  if (faults.length > 0) {
    const [first] = faults;
    const message = `${first?.field ?? ''} ${first?.reason ?? ''}`;
    throw new MetadError('INVALID_ARGUMENT', message.slice(0, 500), { faults });
  }
  const { consistency = 'session', position, maxLagMs, limit, cursor } = request;
  const params = inner.data as Readonly<Record<string, unknown>>;
  return { namespace, params, consistency, position, maxLagMs, limit, cursor };
}

function faultsOf(error: z.ZodError | undefined, path: readonly string[]): FieldFault[] {
  return (error?.issues ?? []).map((issue) => ({
    field: [...path, ...issue.path.map(String), ...unknownKey(issue)].join('.') || 'body',
    reason: issue.message,
  }));
}

const unknownKey = (issue: z.core.$ZodIssue): readonly string[] =>
  issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
