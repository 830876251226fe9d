import type { MetadError } from '@metad/contract';
import type { Outbound } from './inbound.js';

const headerCharsMax = 200;

/** An error as it goes over the wire: the body, and what the headers repeat. */
export function errorReply(error: MetadError): Outbound {
  const text = `${error.code}: ${error.message}`
    .replace(/[^\x20-\x7e]+/g, ' ')
    .slice(0, headerCharsMax);
  return { payload: JSON.stringify(error.toBody()), error: { text, status: error.status } };
}
