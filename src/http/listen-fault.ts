import type { HttpSettings } from '../app/configuration.js';

/** What the system says, for whoever configured the node. */
const MEANINGS: Readonly<Record<string, readonly [variable: string, what: string]>> = {
  EADDRINUSE: ['METAD_HTTP_PORT', 'another program listens there'],
  EACCES: ['METAD_HTTP_PORT', 'this user may not listen there'],
  EADDRNOTAVAIL: ['METAD_HTTP_HOST', 'this machine has no such address'],
  ENOTFOUND: ['METAD_HTTP_HOST', 'the name is not known'],
  EAI_AGAIN: ['METAD_HTTP_HOST', 'the name cannot be looked up'],
};

export interface ListenFault {
  readonly message: string;
  readonly about: { readonly variable: string; readonly code: string };
}

/** Which setting keeps HTTP from listening; throws what is no fault of a setting. */
export function listenFault(fault: unknown, { host, port }: HttpSettings): ListenFault {
  const { code = '' } = fault as NodeJS.ErrnoException;
  const meaning = MEANINGS[code];
  if (meaning === undefined) throw fault;
  const [variable, what] = meaning;
  const place = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { message: `HTTP cannot listen on ${place}: ${what}`, about: { variable, code } };
}
