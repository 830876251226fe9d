import { isUtf8 } from 'node:buffer';
import { MetadError, type FieldFault } from '@metad/contract';
import { rememberPacket } from '../app/nats/refused-packet.js';

/** A request parsed once. `body` is what the log will keep: the client's own bytes. */
export interface RequestBody {
  readonly value: Readonly<Record<string, unknown>>;
  readonly body: Uint8Array;
  /** Id of a Nest `ClientProxy` packet around the request, to be answered in its own form. */
  readonly packetId: string | null;
}

const faultsMax = 20;
const depthMax = 32;

export const invalidArgument = (faults: readonly FieldFault[]): MetadError =>
  new MetadError(
    'INVALID_ARGUMENT',
    faults.map(({ field, reason }) => (field === '' ? reason : `${field} ${reason}`)).join('; '),
    { faults },
  );

/**
 * Bytes → JSON object. Throws TOO_LARGE beyond `bytesMax`, INVALID_ARGUMENT for what is not UTF-8,
 * not JSON, not an object, nested too deep, or names a property that would touch a prototype.
 */
export function parseRequestBody(data: Uint8Array, bytesMax: number): RequestBody {
  try {
    return parse(data, bytesMax);
  } catch (error) {
    if (error instanceof MetadError) rememberPacket(error, data);
    throw error;
  }
}

function parse(data: Uint8Array, bytesMax: number): RequestBody {
  if (data.length > bytesMax) {
    const message = `the request is larger than requestBytesMax, ${bytesMax} bytes`;
    throw new MetadError('TOO_LARGE', message, { limit: 'requestBytesMax', max: bytesMax });
  }
  if (!isUtf8(data)) throw invalidArgument([{ field: '', reason: 'the body is not UTF-8' }]);
  const text = asBuffer(data).toString('utf8');
  const value = parseObject(text);
  const packet = asClientProxyPacket(value);
  // JSON can only nest with brackets and only name __proto__ plainly or with escapes: a quick look
  // at the text spares nearly every request the walk over its values.
  const isSuspect = text.includes('__proto__') || text.includes('\\u') || nestsDeeply(text);
  if (isSuspect) inspect(packet?.data ?? value);
  if (packet === null) return { value, body: data, packetId: null };
  return {
    value: packet.data,
    body: Buffer.from(JSON.stringify(packet.data)),
    packetId: packet.id,
  };
}

/** The broker's client hands out buffers: those need no other view. */
const asBuffer = (data: Uint8Array): Buffer =>
  Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.length);

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = text === '' ? {} : JSON.parse(text);
  } catch (error) {
    const reason = `the body is not JSON: ${(error as SyntaxError).message.slice(0, 120)}`;
    throw invalidArgument([{ field: '', reason }]);
  }
  if (!isObject(value)) throw invalidArgument([{ field: '', reason: 'the body is not an object' }]);
  return value;
}

function nestsDeeply(text: string): boolean {
  let opened = 0;
  for (let at = text.indexOf('[') + 1; at > 0; at = text.indexOf('[', at) + 1) opened += 1;
  for (let at = text.indexOf('{') + 1; at > 0; at = text.indexOf('{', at) + 1) opened += 1;
  return opened > depthMax;
}

/** Names every forbidden property and refuses absurd nesting, without recursion. */
function inspect(root: Record<string, unknown>): void {
  const faults: FieldFault[] = [];
  const open: { value: object; path: string; depth: number }[] = [
    { value: root, path: '', depth: 0 },
  ];
  for (let next = open.pop(); next !== undefined && faults.length < faultsMax; next = open.pop()) {
    for (const [key, value] of Object.entries(next.value)) {
      const field = next.path === '' ? key : `${next.path}.${key}`;
      if (key === '__proto__') faults.push({ field, reason: 'is not a permitted name' });
      if (typeof value !== 'object' || value === null) continue;
      if (next.depth >= depthMax) faults.push({ field, reason: `nests deeper than ${depthMax}` });
      else open.push({ value: value as object, path: field, depth: next.depth + 1 });
    }
  }
  if (faults.length > 0) throw invalidArgument(faults);
}

function asClientProxyPacket(
  value: Record<string, unknown>,
): { id: string; data: Record<string, unknown> } | null {
  const { pattern, id, data } = value;
  if (pattern === undefined || typeof id !== 'string' || !isObject(data)) return null;
  return Object.keys(value).length === 3 ? { id, data } : null;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
