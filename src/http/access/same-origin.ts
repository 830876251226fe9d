import type { IncomingHttpHeaders } from 'node:http';

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];
const hostHeader = /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]{1,253})(:\d{1,5})?$/i;

/**
 * Why a request looks like one that a foreign page made a browser send, or null. A page cannot
 * forge these headers; programs that are no browsers send none of them but `Host`.
 */
export function foreignness(method: string, headers: IncomingHttpHeaders): string | null {
  const site = headers['sec-fetch-site'];
  const changes = method !== 'GET' && method !== 'HEAD';
  const isNavigation = headers['sec-fetch-mode'] === 'navigate' && !changes;
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isNavigation) {
    return 'it comes from a page of another site (Sec-Fetch-Site)';
  }
  const { origin, host } = headers;
  if (origin === undefined || !changes) return null;
  return hostOf(origin) === host?.toLowerCase() ? null : 'its Origin is another than this node';
}

/**
 * Why a request is addressed to a name that this node does not have, or null: a page whose name an
 * attacker points at 127.0.0.1 is of the same origin as what it then reaches.
 */
export function misaddressed(
  headers: IncomingHttpHeaders,
  names: readonly string[],
): string | null {
  const [, name = ''] = hostHeader.exec(headers.host ?? '') ?? [];
  const known = [...LOOPBACK_NAMES, ...names.map((each) => each.toLowerCase())];
  if (known.includes(name.toLowerCase())) return null;
  return 'its Host is not a name of this node (METAD_HTTP_HOSTS adds names)';
}

function hostOf(origin: string): string | null {
  try {
    return new URL(origin).host;
  } catch {
    return null; // `null`, which sandboxed pages and files send.
  }
}
