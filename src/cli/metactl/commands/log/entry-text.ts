import type { Entry } from '@metad/raft';
import { UnreadableEntry, decodeEntry } from '../../../../decide/index.js';

/** An entry as a person or a script wants to read it; what cannot be decoded says why. */
export function describeEntry(entry: Entry): Record<string, unknown> {
  const { index, term, kind, change, data } = entry;
  const plain = { index, term, kind };
  if (kind === 'conf') return { ...plain, change };
  if (kind !== 'command') return plain;
  try {
    const { type, level, time, namespace, command, body } = decodeEntry(data, true);
    const decoded = { type, level, time: new Date(time).toISOString() };
    const named = type === 'command' ? { namespace, command } : {};
    return { ...plain, ...decoded, ...named, body: parsed(body) };
  } catch (error) {
    if (!(error instanceof UnreadableEntry)) throw error;
    return { ...plain, unreadable: error.message, bytes: data.length };
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
