import type { MetadError } from '@metad/contract';
import type { Request, Response } from 'express';
import type { Outbound } from '../app/nats/inbound.js';
import { encodeError } from '../app/nats/reply.js';
import { asMetadError } from '../command/command-exchange.js';
import { readBody } from './request-bytes.js';

/** The body that a NATS request would get, with the error's status as the HTTP status. */
export function answer(response: Response, { payload, error }: Outbound): void {
  response.status(error?.status ?? 200).type('application/json');
  if (error !== null && error.status === 503) response.setHeader('Retry-After', '1');
  response.send(typeof payload === 'string' ? payload : Buffer.from(payload));
}

export function answerError(response: Response, error: MetadError): void {
  if (error.code === 'TOO_LARGE') response.setHeader('Connection', 'close'); // The rest is unread.
  answer(response, encodeError(error, null));
}

/** Reads the body, lets `work` answer it, and turns whatever goes wrong into an error body. */
export async function answerWith(
  request: Request,
  response: Response,
  bytesMax: number,
  work: (body: Uint8Array) => Promise<Outbound>,
): Promise<void> {
  try {
    answer(response, await work(await readBody(request, bytesMax)));
  } catch (error) {
    if (request.destroyed && !request.complete) return; // The caller is gone.
    answerError(response, asMetadError(error));
  }
}
