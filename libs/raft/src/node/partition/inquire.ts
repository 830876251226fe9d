import type { NodeName } from '@metad/foundation';
import { DecodeError } from '../../codec/index.js';
import type { Transport } from '../../transport/transport-port.js';

const timeoutMs = 1_000;

/** What a node answers to a damaged replica; null when it does not, or not so that it is read. */
export function inquire<T>(
  transport: Transport,
  to: NodeName,
  frame: Uint8Array,
  decode: (reply: Uint8Array) => T | null,
): Promise<T | null> {
  return new Promise((resolve) => {
    transport.request(to, frame, timeoutMs, (_failure, reply) => {
      resolve(reply === null ? null : decoded(reply, decode));
    });
  });
}

function decoded<T>(reply: Uint8Array, decode: (reply: Uint8Array) => T | null): T | null {
  try {
    return decode(reply);
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}
