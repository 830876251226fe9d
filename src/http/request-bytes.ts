import type { IncomingMessage } from 'node:http';
import { MetadError } from '@metad/contract';
import { invalidArgument } from '../command/request-body.js';

const JSON_TYPE = /^application\/json\s*(;|$)/i;

/**
 * The body of a request, read up to a limit. Only `application/json` is taken: a page of another
 * origin cannot send that without asking first, which this service never allows. Throws TOO_LARGE
 * as soon as the limit is passed; what else comes is not read.
 */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  if (!JSON_TYPE.test(request.headers['content-type'] ?? '')) {
    throw invalidArgument([{ field: 'content-type', reason: 'must be application/json' }]);
  }
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > bytesMax) throw tooLarge(bytesMax);
  const chunks = await chunksOf(request, bytesMax);
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
}

/** By events: leaving an async iterator early would destroy the socket that the answer needs. */
function chunksOf(request: IncomingMessage, bytesMax: number): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      request.removeAllListeners('data').pause();
      reject(error);
    };
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bytesMax) fail(tooLarge(bytesMax));
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(chunks));
    request.on('error', fail);
    request.on('aborted', () => fail(new Error('the caller is gone')));
  });
}

const tooLarge = (max: number): MetadError =>
  new MetadError('TOO_LARGE', `the request is larger than requestBytesMax, ${max} bytes`, {
    limit: 'requestBytesMax',
    max,
  });
