import { invariant, logIndex, term as asTerm } from '@metad/foundation';
import type { LogIndex, Term } from '@metad/foundation';
import { entryBytes } from '../core/index.js';
import type { ConfState, Entry, SnapshotMeta, StoredLog } from '../core/index.js';

/** A stored log in memory, for tests of the core: its driver decides what "durable" means. */
export class MemoryLog implements StoredLog {
  private held: Entry[] = [];
  private base: SnapshotMeta;

  constructor(conf: ConfState, index = logIndex(0), term = asTerm(0)) {
    this.base = { index, term, conf };
    this.compactedTo = index;
    this.compactedTerm = term;
  }

  private compactedTo: LogIndex;
  private compactedTerm: Term;

  firstIndex(): LogIndex {
    return logIndex(this.compactedTo + 1);
  }

  lastIndex(): LogIndex {
    return logIndex(this.compactedTo + this.held.length);
  }

  termAt(index: LogIndex): Term | null {
    if (index === this.compactedTo) return this.compactedTerm;
    return this.held[index - this.compactedTo - 1]?.term ?? null;
  }

  entries(from: LogIndex, to: LogIndex, bytesMax: number): readonly Entry[] | null {
    if (from <= this.compactedTo) return null;
    const start = from - this.compactedTo - 1;
    let bytes = 0;
    let end = start;
    for (; end < to - this.compactedTo - 1; end += 1) {
      const entry = this.held[end];
      invariant(entry !== undefined, 'reads end at the last entry');
      bytes += entryBytes(entry);
      if (end > start && bytes > bytesMax) break;
    }
    return this.held.slice(start, end);
  }

  snapshot(): SnapshotMeta {
    return this.base;
  }

  /** As a durable write does: snapshot, then truncation, then entries. */
  write(entries: readonly Entry[], snapshot: SnapshotMeta | null): void {
    if (snapshot !== null) {
      this.base = snapshot;
      this.compactedTo = snapshot.index;
      this.compactedTerm = snapshot.term;
      this.held = [];
    }
    const first = entries[0];
    if (first === undefined) return;
    invariant(first.index > this.compactedTo, 'what is compacted is not written again');
    invariant(first.index <= this.lastIndex() + 1, 'a stored log has no holes');
    this.held.length = first.index - this.compactedTo - 1;
    for (const entry of entries) this.held.push(entry);
  }

  /** As damage does: entries behind `last` are gone. */
  cut(last: LogIndex): void {
    this.held.length = Math.max(0, Math.min(this.held.length, last - this.compactedTo));
  }

  compact(snapshot: SnapshotMeta, upTo: LogIndex): void {
    invariant(upTo <= snapshot.index, 'compaction ends at the snapshot');
    const term = this.termAt(upTo);
    invariant(term !== null, 'compaction ends within the log');
    this.base = snapshot;
    this.held = this.held.slice(upTo - this.compactedTo);
    this.compactedTo = upTo;
    this.compactedTerm = term;
  }
}
