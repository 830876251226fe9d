import { logIndex } from '@metad/foundation';
import type { LogIndex, NodeName, PartitionId } from '@metad/foundation';
import { reaches } from '../../core/index.js';
import type { Entry, LogPosition, StoredLog } from '../../core/index.js';
import type { Transport } from '../../transport/transport-port.js';
import { decodeTail, encodeTailInquiry } from '../frame/tail-frame.js';
import type { LogTail } from '../frame/tail-frame.js';
import { inquire } from './inquire.js';

/** A tail is what nobody has applied yet; one beyond this is not taken over. */
const tailBytesMax = 16 * 1024 * 1024;

/** What a log answers to one that asks for its end; null when it begins later or ends before. */
export function tailOf(stored: StoredLog, from: LogIndex, bytesMax: number): LogTail | null {
  if (from < 1 || from > stored.lastIndex()) return null;
  const termBefore = stored.termAt(logIndex(from - 1));
  const entries = stored.entries(from, logIndex(stored.lastIndex() + 1), bytesMax);
  return termBefore === null || entries === null ? null : { termBefore, entries };
}

/**
 * The entries of `holder` that `stored` may not have: behind `applied`, as far as `floor` and
 * perhaps further. Null when it has them no more, or too many, or does not answer.
 */
export async function fetchTail(
  transport: Transport,
  holder: NodeName,
  partition: PartitionId,
  stored: StoredLog,
  applied: LogIndex,
  floor: LogPosition,
): Promise<readonly Entry[] | null> {
  const tail: Entry[] = [];
  let before = { index: applied, term: stored.termAt(applied) };
  let bytes = 0;
  while (before.term === null || !reaches({ index: before.index, term: before.term }, floor)) {
    const from = logIndex(before.index + 1);
    const inquiry = encodeTailInquiry({ partition, from });
    const more = await inquire(transport, holder, inquiry, decodeTail);
    const first = more?.entries[0];
    const last = more?.entries.at(-1);
    if (!more || !first || !last || more.termBefore !== before.term || first.index !== from) {
      return null;
    }
    for (const entry of more.entries) {
      tail.push(entry);
      bytes += entry.data.length;
    }
    if (bytes > tailBytesMax) return null;
    before = { index: last.index, term: last.term };
  }
  return tail;
}
