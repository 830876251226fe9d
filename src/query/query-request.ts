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

const envelope = z.strictObject({
  params: z.record(z.string(), z.unknown()).optional(),
  consistency: z.enum(['linearizable', 'session', 'bounded', 'any']).optional(),
  position: z.string().max(1_048_576).optional(),
  maxLagMs: z.number().min(0).max(3_600_000).optional(),
  limit: z.int().min(1).max(LIMITS.pageItemsMax).optional(),
  cursor: z.string().max(8_192).optional(),
  namespace: z.string().optional(),
  query: z.string().optional(),
});

/** Throws INVALID_ARGUMENT that names every faulty field of envelope and parameters. */
export function parseRequest(
  namespace: string,
  schema: z.ZodType,
  request: QueryRequest,
): CheckedRequest {
  const outer = envelope.safeParse(request);
  const inner = schema.safeParse(request.params ?? {});
  const faults = [...faultsOf(outer.error, []), ...faultsOf(inner.error, ['params'])];
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
