import type { SpanContext } from '@opentelemetry/api';

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const sampled = 1;

/** The caller's span from the W3C header; null for anything else, which is then ignored. */
export function parentContext(traceparent: string): SpanContext | null {
  const [, traceId = '', spanId = '', flags = ''] = TRACEPARENT.exec(traceparent) ?? [];
  if (isZero(traceId) || isZero(spanId)) return null;
  return { traceId, spanId, traceFlags: parseInt(flags, 16) & sampled, isRemote: true };
}

/**
 * The trace that a command has on every node without anybody telling them: its id is the
 * commandId. Null when it is not among the `ratio` of commands that are kept, which is decided by
 * the id too, so that all nodes keep the same ones.
 */
export function commandContext(commandId: string, ratio: number): SpanContext | null {
  if (!UUID.test(commandId)) return null;
  const traceId = commandId.replaceAll('-', '').toLowerCase();
  const spanId = traceId.slice(16);
  // The end of a UUID is random in all versions that clients make; its beginning may be the time.
  if (parseInt(traceId.slice(-8), 16) >= ratio * 2 ** 32) return null;
  if (isZero(traceId) || isZero(spanId)) return null;
  return { traceId, spanId, traceFlags: sampled, isRemote: true };
}

const isZero = (hex: string): boolean => /^0*$/.test(hex);
