import { z } from 'zod';
import { MetadError } from '@metad/contract';
import { logIndex, partitionId } from '@metad/foundation';
import type { Entry, RaftNode } from '@metad/raft';
import { decodeEntry } from '../decide/index.js';
import type { AdminRouter } from './admin-router.js';

const readBytesMax = 256 * 1024;

/** `log.read`: what stands in a partition's log on this node, committed entries only. */
export function registerLogVerbs(router: AdminRouter, node: RaftNode): void {
  router.register({
    noun: 'log',
    verb: 'read',
    schema: z.strictObject({
      partition: z.int().min(0).max(1_000_000),
      from: z.int().min(1),
      limit: z.int().min(1).max(1_000).default(100),
    }),
    changes: false,
    handle: async ({ partition, from, limit }) => {
      const id = partitionId(partition);
      const entries = node.readCommitted(id, logIndex(from), readBytesMax);
      if (entries === null) {
        const available = node.status(id)?.firstIndex ?? 1;
        const gone = `index ${from} of partition ${partition} was compacted`;
        const message = `${gone}; the log begins at ${available}`;
        throw new MetadError('POSITION_COMPACTED', message, { available });
      }
      return { items: entries.slice(0, limit).map(describe) };
    },
  });
}

function describe(entry: Entry): Record<string, unknown> {
  const { index, term, kind } = entry;
  return { index, term, kind, ...(kind === 'command' && describeCommand(entry.data)) };
}

function describeCommand(data: Uint8Array): Record<string, unknown> {
  const decoded = decodeEntry(data, true);
  if (decoded.type !== 'command') return { type: decoded.type };
  const { commandId } = JSON.parse(decoded.body) as { commandId: string };
  return { type: decoded.type, commandId, command: decoded.command, namespace: decoded.namespace };
}
