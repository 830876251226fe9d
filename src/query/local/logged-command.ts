import type { Entry } from '@metad/raft';
import { decodeEntry, type RenewalsPayload } from '../../decide/index.js';

/**
 * The namespace that a command was sent to, as a committed entry says that holds it; null when the
 * entry is about something else.
 */
export function namespaceOf(commandId: string, entry: Entry): string | null {
  if (entry.kind !== 'command') return null;
  const { type, namespace, body } = decodeEntry(entry.data, true);
  if (type === 'command') return isOf(commandId, body) ? namespace : null;
  if (type !== 'renewals') return null;
  const { requests } = JSON.parse(body) as RenewalsPayload;
  return requests.find((request) => isOf(commandId, request.body))?.namespace ?? null;
}

function isOf(commandId: string, body: string): boolean {
  const request = JSON.parse(body) as { readonly commandId: string };
  return request.commandId.toLowerCase() === commandId.toLowerCase();
}
