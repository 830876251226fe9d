import { invariant, logIndex, NONE } from '@metad/foundation';
import type { LogIndex, Term } from '@metad/foundation';
import { bytesOf, entryBytes } from '../entry.js';
import type { Entry } from '../entry.js';
import type { SnapshotMeta, StoredLog } from '../ready.js';
import type { LogPosition } from '../replica.js';
import type { PendingWrite } from './pending-write.js';

/** How elections order logs (thesis §3.6.1): the later last term wins, then the longer log. */
export const reaches = (one: LogPosition, other: LogPosition): boolean =>
  one.term > other.term || (one.term === other.term && one.index >= other.index);

const ZERO = logIndex(0);

/**
 * One replica's log as the core sees it: the stored log up to `stableIndex`, and behind it, in
 * memory, what is not yet known to be durable.
 *
 *     first ……… applied ≤ handed ≤ commit ……… last
 *     ├──────── stored, durable ────────┤├─ pending ─┤
 *                               stableIndex
 *
 * Entries above `stableIndex` are always read from `pending`, so it does not matter when the driver
 * gives them to storage. Entries are handed out for applying only when committed and durable here:
 * what a state machine or projection has consumed can then never be missing after a crash.
 */
export class RaftLog {
  lastIndex: LogIndex;
  lastTerm: Term;
  commitIndex: LogIndex;
  appliedIndex: LogIndex;
  /** Up to here a Ready gave entries to the driver to apply. */
  handedIndex: LogIndex;
  /** Everything up to here is durable. */
  stableIndex: LogIndex;
  /** The term of the entry there: what the next append is anchored by. */
  private stableTerm: Term;
  /** The newest term known to be durable. */
  durableTerm: Term;
  /** Never changed in place: Readys and messages share it. */
  private pending: readonly Entry[] = NONE;
  /**
   * What became durable last and is handed out next, if that is the same: with one entry at a time
   * it is, and then the stored log need not be asked. Empty as soon as anything else happens.
   */
  private fresh: readonly Entry[] = NONE;
  /** Up to here a Ready gave entries to the driver to write. */
  private takenIndex: LogIndex;
  private arriving: SnapshotMeta | null = null;
  private arrivingTaken = false;
  private oldestWrite: PendingWrite | null = null;

  constructor(
    private readonly stored: StoredLog,
    commit: LogIndex,
    applied: LogIndex,
    durableTerm: Term,
  ) {
    const last = stored.lastIndex();
    invariant(commit <= last, 'a stored log reaches its commit index');
    invariant(applied <= last, 'a stored log reaches what was applied from it');
    const base = stored.snapshot().index;
    invariant(base <= last, 'a stored log reaches its snapshot');
    this.lastIndex = last;
    const lastTerm = stored.termAt(last);
    invariant(lastTerm !== null, 'a stored log knows the term of its last entry');
    this.lastTerm = lastTerm;
    this.stableIndex = last;
    this.stableTerm = lastTerm;
    this.takenIndex = last;
    this.appliedIndex = logIndex(Math.max(applied, base));
    this.handedIndex = this.appliedIndex;
    this.commitIndex = logIndex(Math.max(commit, this.appliedIndex));
    this.durableTerm = durableTerm;
  }

  firstIndex(): LogIndex {
    return this.arriving === null ? this.stored.firstIndex() : logIndex(this.arriving.index + 1);
  }

  /** Null when compacted away or beyond the end. */
  termAt(index: LogIndex): Term | null {
    if (index > this.lastIndex) return null;
    if (index === this.lastIndex) return this.lastTerm;
    if (index > this.stableIndex) return this.pendingAt(index).term;
    if (index === this.stableIndex) return this.stableTerm;
    if (this.arriving !== null) return index === this.arriving.index ? this.arriving.term : null;
    return this.stored.termAt(index);
  }

  matches(index: LogIndex, term: Term): boolean {
    return this.termAt(index) === term;
  }

  /** The election restriction (thesis §3.6.1): would this log's owner accept that candidate? */
  isUpToDate(lastIndex: LogIndex, lastTerm: Term): boolean {
    const own = { index: this.lastIndex, term: this.lastTerm };
    return reaches({ index: lastIndex, term: lastTerm }, own);
  }

  /**
   * Entries from `from` on, at least one, up to `bytesMax`. It may stop early where stored and
   * pending meet. Null when compacted away.
   */
  read(from: LogIndex, bytesMax: number): readonly Entry[] | null {
    invariant(from <= this.lastIndex, 'reads end at the last entry');
    if (from > this.stableIndex) return this.readPending(from, bytesMax);
    invariant(this.arriving === null, 'who waits for a snapshot reads nothing below it');
    return this.stored.entries(from, logIndex(this.stableIndex + 1), bytesMax);
  }

  /** The newest one that is stored. */
  snapshot(): SnapshotMeta {
    return this.stored.snapshot();
  }

  /** The newest entry that is not yet known to be durable, else null. */
  lastPending(): Entry | null {
    return this.pending[this.pending.length - 1] ?? null;
  }

  /** Appends to the end, after cutting a conflicting suffix, if there is one. */
  append(entries: readonly Entry[]): void {
    const first = entries[0];
    if (first === undefined) return;
    invariant(first.index > this.commitIndex, 'a committed entry is never replaced');
    invariant(first.index <= this.lastIndex + 1, 'a log has no holes');
    if (first.index <= this.lastIndex) this.cutFrom(first.index);
    this.pending = this.pending.length === 0 ? entries : this.pending.concat(entries);
    this.noteEnd();
  }

  /**
   * The largest index ≤ `index` whose term is ≤ `term`: where two logs may agree, found without
   * asking for each entry. Stops at the first index that is compacted away.
   */
  conflictHint(index: LogIndex, term: Term): LogIndex {
    let candidate = Math.min(index, this.lastIndex);
    for (; candidate > 0; candidate -= 1) {
      const found = this.termAt(logIndex(candidate));
      if (found === null || found <= term) break;
    }
    return logIndex(candidate);
  }

  commitTo(index: LogIndex): void {
    invariant(index <= this.lastIndex, 'nothing is committed beyond the end of the log');
    invariant(index >= this.commitIndex, 'the commit index never goes back');
    this.commitIndex = index;
  }

  /** Replaces everything by a snapshot from the leader. */
  restore(snapshot: SnapshotMeta): void {
    invariant(snapshot.index > this.commitIndex, 'a snapshot is installed only when it is newer');
    this.pending = NONE;
    this.fresh = NONE;
    this.arriving = snapshot;
    this.arrivingTaken = false;
    this.limitWrites(ZERO);
    this.lastIndex = snapshot.index;
    this.lastTerm = snapshot.term;
    this.stableIndex = snapshot.index;
    this.stableTerm = snapshot.term;
    this.takenIndex = snapshot.index;
    this.commitIndex = snapshot.index;
    this.handedIndex = snapshot.index;
  }

  hasUnsaved(): boolean {
    return this.takenIndex < this.lastIndex || (this.arriving !== null && !this.arrivingTaken);
  }

  /** Entries to write that no Ready carried yet. */
  takeEntries(): readonly Entry[] {
    if (this.takenIndex === this.lastIndex) return NONE;
    const entries = this.pendingFrom(this.takenIndex - this.stableIndex);
    this.takenIndex = this.lastIndex;
    return entries;
  }

  takeSnapshot(): SnapshotMeta | null {
    if (this.arrivingTaken) return null;
    this.arrivingTaken = this.arriving !== null;
    return this.arriving;
  }

  writing(lastIndex: LogIndex, lastTerm: Term, snapshotIndex: LogIndex, hardTerm: Term): void {
    const validUpTo = lastIndex;
    const write = { lastIndex, lastTerm, snapshotIndex, hardTerm, validUpTo, next: null };
    if (this.oldestWrite === null) {
      this.oldestWrite = write;
      return;
    }
    let newest = this.oldestWrite;
    while (newest.next !== null) newest = newest.next;
    newest.next = write;
  }

  /** The oldest write under way became durable. */
  written(lastIndex: LogIndex, lastTerm: Term, snapshotIndex: LogIndex): void {
    const write = this.oldestWrite;
    invariant(
      write?.lastIndex === lastIndex &&
        write.lastTerm === lastTerm &&
        write.snapshotIndex === snapshotIndex,
      'every Ready is acknowledged as persisted once, in the order of taking',
    );
    this.oldestWrite = write.next;
    if (write.hardTerm > this.durableTerm) this.durableTerm = write.hardTerm;
    if (snapshotIndex > 0 && snapshotIndex === this.arriving?.index) {
      this.arriving = null;
      this.arrivingTaken = false;
    }
    if (write.validUpTo > this.stableIndex) this.stabilize(write.validUpTo);
  }

  hasWritesUnderWay(): boolean {
    return this.oldestWrite !== null;
  }

  hasCommitted(): boolean {
    return (
      this.appliedIndex === this.handedIndex &&
      this.handedIndex < Math.min(this.commitIndex, this.stableIndex)
    );
  }

  /** The next entries to apply. One batch is out at a time; the next follows its `applied`. */
  takeCommitted(bytesMax: number): readonly Entry[] {
    if (!this.hasCommitted()) return NONE;
    const from = logIndex(this.handedIndex + 1);
    const to = logIndex(Math.min(this.commitIndex, this.stableIndex) + 1);
    const entries = this.takeFresh(to, bytesMax) ?? this.stored.entries(from, to, bytesMax);
    const last = entries?.[entries.length - 1];
    invariant(entries?.[0]?.index === from && last !== undefined, 'committed entries are readable');
    invariant(last.index < to, 'only what was asked for is handed out');
    this.handedIndex = last.index;
    return entries;
  }

  applied(index: LogIndex): void {
    invariant(index >= this.appliedIndex, 'the applied index never goes back');
    invariant(index <= this.handedIndex, 'only what was handed out is applied');
    this.appliedIndex = index;
  }

  /** Null unless these are all entries from the next to hand out up to `to`. */
  private takeFresh(to: LogIndex, bytesMax: number): readonly Entry[] | null {
    const { fresh } = this;
    this.fresh = NONE;
    if (fresh.length === 0 || fresh[fresh.length - 1]?.index !== to - 1) return null;
    return fresh.length === 1 || bytesOf(fresh) <= bytesMax ? fresh : null;
  }

  private pendingAt(index: LogIndex): Entry {
    const entry = this.pending[index - this.stableIndex - 1];
    invariant(entry?.index === index, 'pending entries follow the stable ones without a hole');
    return entry;
  }

  /** All of it, mostly: then no copy is made. */
  private pendingFrom(start: number): readonly Entry[] {
    return start === 0 ? this.pending : this.pending.slice(start);
  }

  private readPending(from: LogIndex, bytesMax: number): readonly Entry[] {
    const start = from - this.stableIndex - 1;
    let end = start + 1;
    let bytes = entryBytes(this.pendingAt(from));
    for (; end < this.pending.length; end += 1) {
      bytes += entryBytes(this.pending[end] as Entry);
      if (bytes > bytesMax) break;
    }
    return end === this.pending.length ? this.pendingFrom(start) : this.pending.slice(start, end);
  }

  private cutFrom(index: LogIndex): void {
    const kept = logIndex(index - 1);
    this.pending = this.pending.slice(0, Math.max(0, kept - this.stableIndex));
    if (kept < this.stableIndex) this.destabilize(kept);
    if (kept < this.takenIndex) this.takenIndex = kept;
    this.limitWrites(kept);
  }

  /** Writes under way say nothing about what comes after `last`. */
  private limitWrites(last: LogIndex): void {
    for (let write = this.oldestWrite; write !== null; write = write.next) {
      if (write.validUpTo > last) write.validUpTo = last;
    }
  }

  private destabilize(index: LogIndex): void {
    const term = this.termAt(index);
    invariant(term !== null, 'a cut ends at an entry that is known');
    this.stableTerm = term;
    this.stableIndex = index;
    this.fresh = NONE;
  }

  private stabilize(index: LogIndex): void {
    const { pending } = this;
    const all = index === this.lastIndex;
    this.stableTerm = this.pendingAt(index).term;
    this.fresh = all && this.handedIndex === this.stableIndex ? pending : NONE;
    this.pending = all ? NONE : pending.slice(index - this.stableIndex);
    this.stableIndex = index;
  }

  private noteEnd(): void {
    const last = this.pending[this.pending.length - 1];
    invariant(last !== undefined, 'an append leaves something pending');
    invariant(last.index === this.stableIndex + this.pending.length, 'appended entries are dense');
    this.lastIndex = last.index;
    this.lastTerm = last.term;
  }
}
