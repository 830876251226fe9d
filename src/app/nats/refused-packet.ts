import type { MetadError } from '@metad/contract';

/** Of packets that were refused before they could be read: whom to answer, in its own form. */
const packetIds = new WeakMap<MetadError, string>();

const HEAD = '{"pattern":';
const TAIL = /"id":"([A-Za-z0-9_-]{1,64})"\}$/;
const tailBytes = 96;

/**
 * Remembers that the refused bytes are a packet of Nest's `ClientProxy`, which waits for ever
 * unless the answer names its id. The id stands at the packet's end and is found without parsing
 * what may be too large or too deep for that.
 */
export function rememberPacket(error: MetadError, data: Uint8Array): void {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
  if (bytes.toString('latin1', 0, HEAD.length) !== HEAD) return;
  const tail = bytes.toString('latin1', Math.max(0, bytes.length - tailBytes));
  const id = TAIL.exec(tail)?.[1];
  if (id !== undefined) packetIds.set(error, id);
}

export const packetIdOf = (error: MetadError): string | null => packetIds.get(error) ?? null;
