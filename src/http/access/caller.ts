import type { Request } from 'express';

/** Who sent a request over HTTP, as far as it was proved. */
export interface HttpCaller {
  /** Name of the token or certificate; null where none is asked for. */
  readonly name: string | null;
  readonly address: string;
}

const callers = new WeakMap<Request, HttpCaller>();

export const rememberCaller = (request: Request, caller: HttpCaller): void => {
  callers.set(request, caller);
};

/** For the audit: `token:billing`, `certificate:ops`, or null. */
export const callerName = (request: Request): string | null => callers.get(request)?.name ?? null;
