import { invariant, logIndex, term } from '@metad/foundation';
import type { LogIndex, PartitionId, Term } from '@metad/foundation';
import type { Entry, HardState, SnapshotMeta, StoredLog } from '../../../core/index.js';
import type { Damage } from '../../log-port.js';
import { entryBytes } from '../../../core/index.js';
import { EntryTail, tailBytesOf } from './entry-tail.js';
import { RecordSlots, Slot } from './record-slots.js';
import type { SegmentUse } from './segment-use.js';
import type { Standing } from '../format/standing.js';
import type { TailBudget } from './tail-budget.js';
import { TermRuns } from './term-runs.js';

const NOWHERE: SnapshotMeta = {
  index: logIndex(0),
  term: term(0),
  conf: { voters: [], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false },
};

/** Reads the entries of one record back from its segment. Throws `LogCorruption`. */
export interface RecordSource {
  entriesAt(slot: Slot, partition: PartitionId): readonly Entry[];
}

const slot = new Slot();

/**
 * What this node knows of one partition's log: bounds, terms, where each entry lies on disk, the
 * newest entries themselves, and the hard state. Holds no promise of durability: the batch writer
 * does. Memory while idle: this object and a few empty ones, about 1 KiB.
 */
export class PartitionLog implements StoredLog {
  private first = logIndex(1);
  private last = logIndex(0);
  private termBefore = term(0);
  private readonly terms = new TermRuns();
  private readonly tail = new EntryTail();
  private newestBatch = 0;
  readonly slots: RecordSlots;
  snapshotMeta: SnapshotMeta = NOWHERE;
  hardState: HardState = { term: term(0), vote: null, commit: logIndex(0) };
  /** Why this partition must neither vote nor lead; null when it is sound. */
  damage: Damage | null = null;
  /** Number of the newest record of this partition, modulo 2³². */
  sequence = 0;
  /** Segment that holds the newest standing; −1 for none. */
  standingSegment = -1;
  /** Counts cuts of the tail, so that an eviction meant for older entries is recognized. */
  truncations = 0;
  /** Counts snapshots that replaced the whole log. */
  restarts = 0;

  constructor(
    readonly partition: PartitionId,
    private readonly source: RecordSource,
    private readonly budget: TailBudget,
    private readonly use: SegmentUse,
  ) {
    this.slots = new RecordSlots(use);
  }

  firstIndex(): LogIndex {
    return this.first;
  }

  lastIndex(): LogIndex {
    return this.last;
  }

  snapshot(): SnapshotMeta {
    return this.snapshotMeta;
  }

  lastTerm(): Term {
    return this.last < this.first ? this.termBefore : term(this.terms.at(this.last));
  }

  termAt(index: LogIndex): Term | null {
    if (index === this.first - 1) return this.termBefore;
    if (index < this.first || index > this.last) return null;
    return term(this.terms.at(index));
  }

  entries(from: LogIndex, to: LogIndex, bytesMax: number): readonly Entry[] | null {
    if (from < this.first) return null;
    invariant(from < to && to <= this.last + 1, 'entries that exist are asked for');
    const inMemoryFrom = this.tail.count > 0 ? this.tail.first : this.last + 1;
    if (from >= inMemoryFrom) return this.tail.slice(from, to, bytesMax, true);
    const found: Entry[] = [];
    let bytes = 0;
    let next: number = from;
    while (next < to && next < inMemoryFrom) {
      for (const entry of this.fromDisk(next, Math.min(to, inMemoryFrom))) {
        bytes += entryBytes(entry);
        if (found.length > 0 && bytes > bytesMax) return found;
        found.push(entry);
        next += 1;
      }
    }
    if (next === to) return found;
    return found.concat(this.tail.slice(next, to, bytesMax - bytes, false));
  }

  /** Entries [from, to) as far as the record that holds `from` reaches. */
  private fromDisk(from: number, to: number): readonly Entry[] {
    invariant(this.slots.find(from, slot), 'every entry of the log has a place on disk');
    const { first } = slot;
    const end = Math.min(to, first + slot.count);
    return this.source.entriesAt(slot, this.partition).slice(from - first, end - first);
  }

  /** New entries, already cut to follow the last; they stay in memory for now. */
  append(entries: readonly Entry[], batch: number): void {
    const { budget, tail } = this;
    let bytes = 0;
    for (let at = 0; at < entries.length; at += 1) {
      const entry = entries[at] as Entry;
      tail.push(entry);
      bytes += tailBytesOf(entry);
      this.extend(entry.index, entry.term);
    }
    this.newestBatch = batch;
    budget.admit(this, entries.length, bytes, batch);
  }

  private extend(index: LogIndex, termOf: Term): void {
    invariant(index === this.last + 1, 'a log has no holes');
    this.terms.assign(index, index, termOf);
    this.last = index;
  }

  truncate(last: LogIndex): void {
    invariant(last >= this.first - 1 && last <= this.last, 'a cut lies inside the log');
    this.last = last;
    this.terms.cutAfter(last);
    this.slots.cutAfter(last);
    const { budget, tail } = this;
    budget.bytes -= tail.cutAfter(last);
    this.truncations += 1;
    budget.readmit(this, tail.count, tail.bytes(), this.newestBatch);
  }

  /** Forgets entries up to `upTo`, which the snapshot covers. */
  compact(snapshot: SnapshotMeta, upTo: LogIndex): void {
    const termBefore = this.termAt(upTo);
    invariant(termBefore !== null, 'compaction ends inside the log');
    this.snapshotMeta = snapshot;
    this.termBefore = termBefore;
    this.first = logIndex(upTo + 1);
    this.slots.dropBefore(this.first);
    this.terms.dropBefore(this.first);
    this.forgetTail(upTo);
  }

  /** The same entries lie in another record now, on which old segments do not depend. */
  moved(to: Slot): void {
    this.slots.replace(to);
    this.slots.dropBefore(this.first);
  }

  /** Starts over behind a snapshot: nothing of the old log is kept. */
  restart(snapshot: SnapshotMeta): void {
    this.forgetTail(this.last);
    this.truncations += 1;
    this.restarts += 1;
    this.slots.clear();
    this.terms.clear();
    this.snapshotMeta = snapshot;
    this.first = logIndex(snapshot.index + 1);
    this.last = snapshot.index;
    this.termBefore = snapshot.term;
  }

  /** Lets entries up to `index` leave memory; they stay readable from disk. */
  forgetTail(index: number): void {
    this.budget.bytes -= this.tail.dropThrough(index);
  }

  /** The same for an append of `count` entries up to `last`, which takes `bytes` if all is held. */
  evict(last: number, count: number, bytes: number): void {
    if (this.tail.first !== last - count + 1) {
      this.forgetTail(last); // Compacted in part, or all of it.
      return;
    }
    this.tail.dropOldest(count);
    this.budget.bytes -= bytes;
  }

  movedStanding(segment: number): void {
    this.use.moveStanding(this.standingSegment, segment);
    this.standingSegment = segment;
  }

  standing(): Standing {
    return {
      first: this.first,
      termBefore: this.termBefore,
      last: this.last,
      lastTerm: this.lastTerm(),
      snapshot: this.snapshotMeta,
      hardState: this.hardState,
      damage: this.damage,
    };
  }

  /** While replaying: entries [first, first + count) of one term are in the record at `at`. */
  replayEntries(at: Slot, lastTerm: number): void {
    this.slots.cutAfter(at.first - 1);
    this.terms.cutAfter(at.first - 1);
    this.slots.push(at);
    this.terms.assign(at.first, at.first + at.count - 1, lastTerm);
    this.last = logIndex(at.first + at.count - 1);
  }

  /** While replaying: corrects the term of some entries of a record with several terms. */
  replayTerm(index: number, termOf: number): void {
    this.terms.assign(index, index, termOf);
  }

  /** While replaying: the same entries lie in another record now. */
  replayMoved(at: Slot, lastTerm: number): void {
    this.slots.replace(at);
    this.terms.assign(at.first, at.first + at.count - 1, lastTerm);
    this.last = logIndex(Math.max(this.last, at.first + at.count - 1));
  }

  /** While replaying: cut without the checks of a running log, whose beginning may be unknown. */
  replayTruncate(last: number): void {
    this.slots.cutAfter(last);
    this.terms.cutAfter(last);
    this.last = logIndex(last);
  }

  /** While replaying: bounds, snapshot and hard state as a record states them. */
  replayStanding(standing: Standing): void {
    this.first = standing.first;
    this.termBefore = standing.termBefore;
    this.last = standing.last;
    this.snapshotMeta = standing.snapshot;
    this.hardState = standing.hardState;
    this.damage = standing.damage;
    this.slots.cutAfter(standing.last);
    this.slots.dropBefore(standing.first);
    this.terms.cutAfter(standing.last);
    this.terms.dropBefore(standing.first);
  }
}
