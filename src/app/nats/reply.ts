import type { MetadError } from '@metad/contract';
import type { Outbound } from './inbound.js';
import { outgoingParts } from './outgoing-text.js';
import { packetIdOf } from './refused-packet.js';

const headerCharsMax = 200;

/** A reply body; wrapped for a Nest `ClientProxy` when its packet asked (`packetId`). */
export const encodeReply = (body: unknown, packetId: string | null): Outbound =>
  encodeReplyText([JSON.stringify(body)], packetId);

/** The same for a body that is JSON text already, in parts. */
export function encodeReplyText(body: readonly string[], packetId: string | null): Outbound {
  if (packetId === null) return { payload: outgoingParts(body), error: null };
  const head = `{"id":${JSON.stringify(packetId)},"response":`;
  return { payload: outgoingParts([head, ...body, ',"isDisposed":true}']), error: null };
}

/** An error as it goes over the wire: the body, and what the headers repeat. */
export function encodeError(error: MetadError, packetId: string | null): Outbound {
  const waiting = packetId ?? packetIdOf(error);
  const text = `${error.code}: ${error.message}`
    .replace(/[^\x20-\x7e]+/g, ' ')
    .slice(0, headerCharsMax);
  const body = error.toBody();
  const reply = waiting === null ? body : { id: waiting, err: body.error, isDisposed: true };
  return {
    payload: JSON.stringify(reply),
    error: { text, status: error.status },
    fault: error.cause,
  };
}
