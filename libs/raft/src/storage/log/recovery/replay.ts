import { partitionId } from '@metad/foundation';
import type { PartitionId } from '@metad/foundation';
import type { Damage } from '../../log-port.js';
import type { FileSystem } from '../../file-system-port.js';
import { BATCH_RECORD_BYTES, type RecordHeader } from '../format/record.js';
import type { PartitionLog } from '../partition/partition-log.js';
import { ReplayedPartition } from './replayed-partition.js';
import { loadSegment, SegmentMemory } from './segment-scan.js';
import type { BatchVerdict, SegmentScan } from './segment-scan.js';
import { listSegments, SEGMENT_HEADER_BYTES, segmentName } from '../segments.js';

export interface ReplayedSegment {
  readonly sequence: number;
  /** Where its records end. */
  readonly end: number;
  /** What lies behind shows that records may be missing: it must stay. */
  readonly evidence: boolean;
}

/** What the segments of a directory hold, and what recovery makes of it. */
export interface ReplayResult {
  /** Segments with records, oldest first. */
  readonly segments: readonly ReplayedSegment[];
  /** Files that hold nothing acknowledged: half-made segments, or all of a torn tail. */
  readonly leftovers: readonly number[];
  readonly lastBatch: number;
  /** Set when records are lost, or may be, that no header charges to a partition. */
  readonly unattributed: Damage['kind'] | null;
  readonly cutBytes: number;
  readonly records: number;
  /** Findings in words, for the operator. */
  readonly findings: readonly string[];
}

type Located = (partition: number) => ReplayedPartition;

/** What is known of a place in the log: was it ever acknowledged? */
type Promised = 'surely' | 'perhaps' | 'never';

/**
 * Reads all segments in order and applies what can be trusted.
 *
 * Where a batch cannot be read, the question is whether it was ever acknowledged. A later batch
 * that claims durability beyond this place proves that it was: corruption, charged to the
 * partitions whose record headers are still sound, and to all that cannot prove by their sequence
 * that they lost nothing. Without such a claim, a mark beyond this place says that it may have
 * been: the same partitions are suspect. Without either it is the tail that the crash tore: cut.
 */
export class Replay {
  private readonly segments: ReplayedSegment[] = [];
  private readonly findings: string[] = [];
  private lastBatch = -1;
  private unattributed: Damage['kind'] | null = null;
  private cutBytes = 0;
  private gapBefore = -1;
  private records = 0;
  /** The segment being replayed, and the one behind it that is looked into by the way. */
  private readonly memory = new SegmentMemory();
  private readonly memoryAhead = new SegmentMemory();

  constructor(
    private readonly fileSystem: FileSystem,
    private readonly directory: string,
    private readonly salt: number,
    private readonly located: Located,
    private readonly known: () => Iterable<ReplayedPartition>,
  ) {}

  run(sequences: readonly number[]): ReplayResult {
    for (let at = 0; at < sequences.length; at += 1) {
      const sequence = sequences[at] as number;
      const before = sequences[at - 1];
      const later = sequences.slice(at + 1);
      if (before !== undefined && sequence !== before + 1) {
        this.loseUnattributed('corrupt', `segment ${segmentName(before + 1)} is missing`);
        this.gapBefore = sequence;
      }
      if (!this.readSegment(this.load(sequence, this.memory), later)) break;
    }
    return {
      segments: this.segments,
      leftovers: sequences.slice(this.segments.length),
      lastBatch: Math.max(0, this.lastBatch),
      unattributed: this.unattributed,
      cutBytes: this.cutBytes,
      records: this.records,
      findings: this.findings,
    };
  }

  private load(sequence: number, memory: SegmentMemory, bytesMax?: number): SegmentScan {
    return loadSegment(this.fileSystem, this.directory, sequence, this.salt, memory, bytesMax);
  }

  /** Valid until the next look ahead. */
  private lookAhead(sequence: number, bytesMax?: number): SegmentScan {
    return this.load(sequence, this.memoryAhead, bytesMax);
  }

  /** False when the log ends in this segment. */
  private readSegment(scan: SegmentScan, later: readonly number[]): boolean {
    let offset = SEGMENT_HEADER_BYTES;
    for (;;) {
      const verdict = scan.batchAt(offset);
      if (verdict === 'sound') {
        offset = this.takeBatch(scan, offset);
        continue;
      }
      if (later.length > 0 && this.nextFollows(verdict, scan.sequence, later)) {
        // An earlier recovery ended the log here and went on in the next segment.
        if (scan.markedEnd > offset) this.suspectFrom(scan, offset);
        this.keep(scan, offset);
        return true;
      }
      const promised = this.promised(scan, offset, later);
      if (promised === 'never' || (promised === 'perhaps' && !scan.isCharged(offset))) {
        this.endAt(scan, offset, verdict, promised);
        return false;
      }
      const kind = promised === 'surely' ? 'corrupt' : 'suspect';
      offset = this.passDamage(scan, offset, verdict, kind);
      if (offset < 0) {
        this.keep(scan, scan.bytes.length);
        return true;
      }
    }
  }

  private keep(scan: SegmentScan, end: number): void {
    this.segments.push({ sequence: scan.sequence, end, evidence: scan.markedEnd > end });
  }

  private suspectFrom(scan: SegmentScan, offset: number): void {
    const where = this.place(scan, offset);
    const reason = `the newest batch, at ${where}, is damaged and may have been acknowledged`;
    this.loseUnattributed('suspect', reason);
  }

  private takeBatch(scan: SegmentScan, offset: number): number {
    const { claim, sequence, bytes } = scan;
    if (this.lastBatch >= 0 && claim.number !== this.lastBatch + 1) {
      this.loseUnattributed('corrupt', `batches are missing before ${this.place(scan, offset)}`);
    }
    this.lastBatch = claim.number;
    const end = scan.batchEnd(offset);
    const take = (header: RecordHeader, at: number): void => {
      this.records += 1;
      this.located(header.partition).apply({ header, bytes, offset: at, segment: sequence });
    };
    scan.visit(offset, take, true);
    return end;
  }

  /**
   * True when the next segment goes on where this one ends, or is missing altogether. One with a
   * mark was written to, even if its first batch is bad.
   */
  private nextFollows(verdict: BatchVerdict, sequence: number, later: readonly number[]): boolean {
    if (later[0] !== sequence + 1) return verdict === 'none';
    const next = this.lookAhead(sequence + 1, SEGMENT_HEADER_BYTES + BATCH_RECORD_BYTES);
    if (next.batchAt(SEGMENT_HEADER_BYTES) === 'none') {
      return this.lookAhead(sequence + 1).markedEnd > 0;
    }
    return next.claim.number === Math.max(0, this.lastBatch) + 1;
  }

  /** Surely, when some later batch claims that the log was durable beyond this place. */
  private promised(scan: SegmentScan, offset: number, later: readonly number[]): Promised {
    const beyond = ({ claim }: SegmentScan): boolean =>
      claim.durableSegment > scan.sequence ||
      (claim.durableSegment === scan.sequence && claim.durableOffset > offset);
    const probe = (segment: SegmentScan, from: number): boolean => {
      for (let at = segment.nextBatch(from); at >= 0; at = segment.nextBatch(at + 1)) {
        if (beyond(segment)) return true;
      }
      return false;
    };
    if (probe(scan, offset + 1)) return 'surely';
    let marked = scan.markedEnd > offset;
    for (const sequence of later) {
      const segment = this.lookAhead(sequence);
      if (probe(segment, SEGMENT_HEADER_BYTES)) return 'surely';
      marked ||= segment.markedEnd > 0;
    }
    return marked ? 'perhaps' : 'never';
  }

  /**
   * The log ends here: what lies behind was never acknowledged, or cannot be told. It may be zeros,
   * a torn batch, or records from an earlier life of a recycled file.
   */
  private endAt(
    scan: SegmentScan,
    offset: number,
    verdict: BatchVerdict,
    promised: Promised,
  ): void {
    if (promised === 'perhaps') this.suspectFrom(scan, offset);
    else if (verdict === 'damaged') {
      scan.batchAt(offset);
      this.cutBytes = Math.min(scan.bytes.length, scan.batchEnd(offset)) - offset;
      this.findings.push(`a torn tail at ${this.place(scan, offset)} is cut off`);
    }
    // A blank segment behind a gap stays, and one with a mark: evidence that something is missing.
    const evidence = this.gapBefore === scan.sequence || scan.markedEnd > offset;
    if (evidence || offset > SEGMENT_HEADER_BYTES) this.keep(scan, offset);
  }

  /** Saves what can be saved of a damaged batch; returns where the next one begins, −1 for none. */
  private passDamage(
    scan: SegmentScan,
    offset: number,
    verdict: BatchVerdict,
    kind: Damage['kind'],
  ): number {
    const where = this.place(scan, offset);
    if (verdict === 'none') {
      this.loseUnattributed(kind, `a batch at ${where} is damaged`);
      const next = scan.nextBatch(offset + 1);
      if (next >= 0) this.lastBatch = scan.claim.number - 1;
      else this.lastBatch = -1;
      return next;
    }
    scan.batchAt(offset);
    this.lastBatch = scan.claim.number;
    const end = scan.batchEnd(offset);
    const whole = scan.visit(offset, (header, at, sound) => {
      const record = { header, bytes: scan.bytes, offset: at, segment: scan.sequence };
      const found = this.located(header.partition);
      const reason = `a record at ${this.place(scan, at)} is damaged`;
      if (sound) found.apply(record);
      else {
        found.lose(header, { kind, reason });
        this.findings.push(`${reason}: partition ${header.partition}`);
      }
    });
    if (!whole) {
      this.loseUnattributed(kind, `a record header in the batch at ${where} is damaged`);
    }
    return end;
  }

  private loseUnattributed(kind: Damage['kind'], reason: string): void {
    if (this.unattributed !== 'corrupt') this.unattributed = kind;
    this.findings.push(reason);
    for (const partition of this.known()) partition.doubt({ kind, reason });
  }

  private place(scan: SegmentScan, offset: number): string {
    return `${segmentName(scan.sequence)} offset ${offset}`;
  }
}

/** Replays all segments of a directory into `found`; `make` gives the log of a partition. */
export function replayInto(
  found: Map<PartitionId, ReplayedPartition>,
  fileSystem: FileSystem,
  directory: string,
  salt: number,
  make: (partition: PartitionId) => PartitionLog,
): ReplayResult {
  const located = (id: number): ReplayedPartition => {
    const partition = partitionId(id);
    let replayed = found.get(partition);
    if (replayed === undefined) {
      replayed = new ReplayedPartition(make(partition));
      found.set(partition, replayed);
    }
    return replayed;
  };
  const replay = new Replay(fileSystem, directory, salt, located, () => found.values());
  return replay.run(listSegments(fileSystem, directory));
}
