import type { Response } from 'express';

/** What a page may do: load what this node serves, and talk to it. Nothing inline. */
const POLICY = [
  "default-src 'self'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const yearSeconds = 31_536_000;

/** Headers of every answer; whoever serves what may be kept says so itself. */
export function setSecurityHeaders(response: Response, isTls: boolean): void {
  response.setHeader('Content-Security-Policy', POLICY);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('X-Frame-Options', 'DENY');
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  response.setHeader('Cache-Control', 'no-store');
  if (isTls) response.setHeader('Strict-Transport-Security', `max-age=${yearSeconds}`);
}
