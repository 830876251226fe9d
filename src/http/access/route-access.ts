import { ALL_NAMESPACES } from '@metad/contract';
import type { TokenEntry } from './tokens-file.js';

/** What a request must be allowed to do. `namespace` null: all of them. */
export type Need =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'token' }
  | { readonly kind: 'read' | 'write'; readonly namespace: string | null }
  | { readonly kind: 'operate' };

/** Which administrative acts only look: everything else is an operator's. */
export type OnlyReads = (noun: string, verb: string) => boolean;

const PROBES = new Set(['/livez', '/readyz', '/startupz']);
/** Pages that hold no data: a browser cannot send a token with them. Their requests for data do. */
const PAGES = new Set(['/', '/docs', '/openapi.json', '/favicon.ico', '/favicon.svg']);
const PAGE_FOLDERS = ['/dashboard/', '/assets/'];
const OPERATE: Need = { kind: 'operate' };

/** By method and raw path. What is not known here is an operator's alone. */
export function needOf(method: string, path: string, onlyReads: OnlyReads): Need {
  const looks = method === 'GET' || method === 'HEAD';
  if (looks && PROBES.has(path)) return { kind: 'nothing' };
  if (looks && (PAGES.has(path) || isPageFile(path))) return { kind: 'nothing' };
  if (looks && path === '/metrics') return { kind: 'token' };
  const [, api, version, area, ...rest] = path.split('/');
  if (api !== 'api' || version !== 'v1') return OPERATE;
  const [first = '', second = '', third = ''] = rest.map(decoded);
  if (area === 'queries') return { kind: 'read', namespace: allOr(first) };
  if (area === 'commands') return { kind: 'write', namespace: first };
  if (area === 'watch') return { kind: 'read', namespace: allOr(first) };
  if (area === 'admin' && rest.length === 3) {
    return onlyReads(second, third) ? { kind: 'read', namespace: null } : OPERATE;
  }
  return looks ? { kind: 'read', namespace: null } : OPERATE;
}

/** Whether a token's owner may do it. A writer also reads where it writes. */
export function permits({ role, namespaces }: TokenEntry, need: Need): boolean {
  if (need.kind === 'nothing' || need.kind === 'token' || role === 'operator') return true;
  if (need.kind === 'operate') return false;
  if (need.kind === 'write' && role !== 'writer') return false;
  if (namespaces === null) return true;
  return need.namespace !== null && namespaces.includes(need.namespace);
}

const isPageFile = (path: string): boolean =>
  PAGE_FOLDERS.some((folder) => path.startsWith(folder)) && !path.includes('..');

const allOr = (namespace: string): string | null =>
  namespace === ALL_NAMESPACES ? null : namespace;

/** As the router decodes it; what cannot be decoded names no namespace that anybody has. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return '';
  }
}
