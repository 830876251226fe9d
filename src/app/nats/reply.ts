import type { MetadError } from '@metad/contract';
import type { Outbound } from './inbound.js';

const headerCharsMax = 200;

/** A reply body; wrapped for a Nest `ClientProxy` when its packet asked (`packetId`). */
export function encodeReply(body: unknown, packetId: string | null): Outbound {
  const reply = packetId === null ? body : { id: packetId, response: body, isDisposed: true };
  return { payload: JSON.stringify(reply), error: null };
}

/** An error as it goes over the wire: the body, and what the headers repeat. */
export function encodeError(error: MetadError, packetId: string | null): Outbound {
  const text = `${error.code}: ${error.message}`
    .replace(/[^\x20-\x7e]+/g, ' ')
    .slice(0, headerCharsMax);
  const body = error.toBody();
  const reply = packetId === null ? body : { id: packetId, err: body.error, isDisposed: true };
  return {
    payload: JSON.stringify(reply),
    error: { text, status: error.status },
    fault: error.cause,
  };
}
