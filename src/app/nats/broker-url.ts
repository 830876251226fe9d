import { isIPv6 } from 'node:net';

const SCHEMES = ['nats', 'tls', 'tcp'];
const PARTS = /^(?:([a-z]+):\/\/)?(?:([^\s/]*)@)?([^\s/@]+)\/?$/;

/** Whether a broker can be looked for there: `nats://user:password@host:4222` and parts of it. */
export function isBrokerUrl(text: string): boolean {
  const [, scheme = 'nats', , host = ''] = PARTS.exec(text) ?? [];
  return SCHEMES.includes(scheme) && URL.canParse(`http://${isIPv6(host) ? `[${host}]` : host}`);
}

/** `a, b` → `['a', 'b']`, as NATS_URL lists them. */
export const brokerUrls = (list: string): string[] => list.split(',').map((url) => url.trim());

/** What the client library takes: it reads nothing but host and port in a URL. */
export interface BrokerLogin {
  /** Without what is secret in them. */
  readonly servers: string[];
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
}

/** The first URL that says who we are says it for all of them: `user:password@`, or a token. */
export function brokerLogin(urls: readonly string[]): BrokerLogin {
  const parts = urls.map((url) => PARTS.exec(url));
  const servers = parts.map((found, at) => found?.[3] ?? urls[at] ?? '');
  const who = parts.map((found) => found?.[2] ?? '').find((text) => text !== '');
  if (who === undefined) return { servers };
  const [user = '', ...rest] = who.split(':');
  if (rest.length === 0) return { servers, token: decoded(user) };
  return { servers, user: decoded(user), pass: decoded(rest.join(':')) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
