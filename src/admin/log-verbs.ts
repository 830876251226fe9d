import { z } from 'zod';
import { formatPosition, MetadError } from '@metad/contract';
import { logIndex, partitionId } from '@metad/foundation';
import type { Entry } from '@metad/raft';
import type { OpenedRaft } from '../consensus/opened-raft.js';
import { tellEntry } from '../consensus/peer-log.js';
import { decodeEntry } from '../decide/index.js';
import type { AdminRouter } from './admin-router.js';

const readBytesMax = 256 * 1024;
/** A reply stays under the broker's usual payload of 1 MiB, in base64. */
const entriesBytesMax = 256 * 1024;
const entryOverheadBytes = 64;

/** `log.read`: what stands in a partition's log on this node, committed entries only. */
export function registerLogVerbs(
  router: AdminRouter,
  raft: OpenedRaft,
  incarnation: () => string,
): void {
  const { node } = raft;
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
        const first = node.status(id)?.firstIndex ?? logIndex(1);
        const gone = `index ${from} of partition ${partition} was compacted`;
        const message = `${gone}; the log begins at ${first}`;
        const available = formatPosition(incarnation(), partition, first);
        throw new MetadError('POSITION_COMPACTED', message, { available });
      }
      return { items: entries.slice(0, limit).map(describe) };
    },
  });
  registerEntries(router, raft);
}

/** `log.entries`: what another node asks for that was given a snapshot in its place. */
function registerEntries(router: AdminRouter, { node, readArchived }: OpenedRaft): void {
  router.register({
    noun: 'log',
    verb: 'entries',
    schema: z.strictObject({
      partition: z.int().min(0).max(1_000_000),
      from: z.int().min(1),
    }),
    changes: false,
    handle: async ({ partition, from }) => {
      const id = partitionId(partition);
      const first = logIndex(from);
      const kept = node.readCommitted(id, first, entriesBytesMax);
      // Not "gone": this replica is starting, or has not heard yet that the entry is committed.
      if (node.status(id) === null || kept?.length === 0) throw notYet(partition, from);
      const entries = kept ?? (await readArchived(id, first)) ?? [];
      return { entries: withinReply(entries).map(tellEntry) };
    },
  });
}

const notYet = (partition: number, from: number): MetadError =>
  new MetadError('NO_LEADER', `entry ${from} of partition ${partition} is not known here yet`, {
    partition,
    retryAfterMs: 250,
  });

/** At least one entry, then as many as one reply carries. */
function withinReply(entries: readonly Entry[]): readonly Entry[] {
  let bytes = 0;
  const fits = entries.findIndex(({ data }, at) => {
    bytes += data.length + entryOverheadBytes;
    return at > 0 && bytes > entriesBytesMax;
  });
  return fits < 0 ? entries : entries.slice(0, fits);
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
