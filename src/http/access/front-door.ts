import type { TLSSocket } from 'node:tls';
import { MetadError } from '@metad/contract';
import type { NextFunction, Request, Response } from 'express';
import { answerError } from '../http-answer.js';
import { setSecurityHeaders } from '../security-headers.js';
import { rememberCaller } from './caller.js';
import { FailedAttempts } from './failed-attempts.js';
import { needOf, permits, type Need, type OnlyReads } from './route-access.js';
import { foreignness, misaddressed } from './same-origin.js';
import type { TokenBook } from './token-book.js';

export interface RefusedAccess {
  /** Name of the token or certificate, null when it was not known. */
  readonly name: string | null;
  readonly address: string;
  readonly method: string;
  readonly path: string;
  readonly code: string;
  readonly reason: string;
}

export interface FrontDoorOptions {
  /** Null: whoever reaches this port may do all (the loopback, or client certificates). */
  readonly tokens: TokenBook | null;
  /** Set while only this machine reaches the port: further names it may be addressed by. */
  readonly loopbackNames: readonly string[] | null;
  readonly isTls: boolean;
  readonly onlyReads: OnlyReads;
  readonly onRefused: (refused: RefusedAccess) => void;
  readonly now?: () => number;
}

const bearer = /^Bearer +([\x21-\x7e]+) *$/i;
const pathCharsMax = 200;

/**
 * What every HTTP request passes first, before any controller or page: headers, where it comes
 * from, who sends it, and whether that one may. What is not known to be harmless is refused.
 */
export class FrontDoor {
  private readonly attempts: FailedAttempts;
  /** Refusals by code, since the node began. */
  readonly refused = new Map<string, number>();

  constructor(private readonly options: FrontDoorOptions) {
    this.attempts = new FailedAttempts(options.now ?? Date.now);
  }

  readonly handle = (request: Request, response: Response, next: NextFunction): void => {
    setSecurityHeaders(response, this.options.isTls);
    try {
      this.mustBeAddressedHere(request);
      this.mustBeAllowed(request);
    } catch (error) {
      if (!(error instanceof MetadError)) throw error;
      this.refuse(request, response, error);
      return;
    }
    next();
  };

  private mustBeAddressedHere(request: Request): void {
    const { loopbackNames } = this.options;
    const fault =
      (loopbackNames === null ? null : misaddressed(request.headers, loopbackNames)) ??
      foreignness(request.method, request.headers);
    if (fault === null) return;
    this.report(request, null, 'FORBIDDEN', fault);
    throw new MetadError('FORBIDDEN', `this request is refused: ${fault}`);
  }

  private mustBeAllowed(request: Request): void {
    const { tokens, onlyReads } = this.options;
    const address = request.socket.remoteAddress ?? '';
    const certificate = certificateName(request);
    if (tokens === null) {
      rememberCaller(request, { name: certificate, address });
      return;
    }
    const need = needOf(request.method, request.path, onlyReads);
    const [, given] = bearer.exec(request.headers.authorization ?? '') ?? [];
    if (given === undefined) {
      if (need.kind === 'nothing') return;
      throw this.unknown(request, 'a token is needed: Authorization: Bearer …');
    }
    const entry = tokens.find(given);
    if (entry === null) throw this.unknown(request, 'the token is not known, or has expired');
    const name = `token:${entry.name}`;
    rememberCaller(request, { name, address });
    if (permits(entry, need)) return;
    const reason = `a ${entry.role} may not ${describeNeed(need)}`;
    this.report(request, name, 'FORBIDDEN', reason);
    throw new MetadError('FORBIDDEN', reason, { token: entry.name });
  }

  private unknown(request: Request, reason: string): MetadError {
    const retryAfterMs = this.attempts.fail(request.socket.remoteAddress ?? '');
    if (retryAfterMs !== null) {
      this.count('RATE_LIMITED');
      return new MetadError('RATE_LIMITED', 'too many refused tokens', { retryAfterMs });
    }
    this.report(request, certificateName(request), 'UNAUTHENTICATED', reason);
    return new MetadError('UNAUTHENTICATED', reason);
  }

  private report(request: Request, name: string | null, code: string, reason: string): void {
    const { method, path } = request;
    const address = request.socket.remoteAddress ?? '';
    this.count(code);
    const shortened = path.slice(0, pathCharsMax);
    this.options.onRefused({ name, address, method, path: shortened, code, reason });
  }

  private count(code: string): void {
    this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
  }

  private refuse(request: Request, response: Response, error: MetadError): void {
    if (error.code === 'UNAUTHENTICATED') response.setHeader('WWW-Authenticate', 'Bearer');
    const { retryAfterMs } = error.details as { retryAfterMs?: number };
    if (retryAfterMs !== undefined) {
      response.setHeader('Retry-After', String(Math.ceil(retryAfterMs / 1_000)));
    }
    // What came along is not read: the connection cannot be used for another request.
    const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
    if (coding !== undefined || Number(length ?? 0) > 0) response.setHeader('Connection', 'close');
    answerError(response, error);
  }
}

/** A certificate was checked against the authority already, else there is no connection. */
function certificateName({ socket }: Request): string | null {
  if (!('getPeerCertificate' in socket)) return null;
  const { subject } = (socket as TLSSocket).getPeerCertificate();
  const name = subject?.CN;
  return name === undefined ? null : `certificate:${String(name).slice(0, 128)}`;
}

function describeNeed(need: Need): string {
  if (need.kind === 'operate') return 'administer';
  if (need.kind !== 'read' && need.kind !== 'write') return 'do this';
  return `${need.kind} ${need.namespace === null ? 'all namespaces' : `in ${need.namespace}`}`;
}
