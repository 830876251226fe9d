import { partitionId } from '@metad/foundation';
import type { PartitionId } from '@metad/foundation';
import type { FileSystem } from '../../file-system-port.js';
import { BATCH_RECORD_BYTES } from '../format/record.js';
import type { PartitionLog } from '../partition/partition-log.js';
import { ReplayedPartition } from './replayed-partition.js';
import { loadSegment } from './segment-scan.js';
import type { BatchVerdict, SegmentScan } from './segment-scan.js';
import { listSegments, SEGMENT_HEADER_BYTES, segmentName } from '../segments.js';

/** What the segments of a directory hold, and what recovery makes of it. */
export interface ReplayResult {
  /** Segments with records and where these end, oldest first. */
  readonly segments: readonly { readonly sequence: number; readonly end: number }[];
  /** Files that hold nothing acknowledged: half-made segments, or all of a torn tail. */
  readonly leftovers: readonly number[];
  readonly lastBatch: number;
  /** True when records were lost that no header charges to a partition. */
  readonly unattributed: boolean;
  readonly cutBytes: number;
  readonly records: number;
  /** Findings in words, for the operator. */
  readonly findings: readonly string[];
}

type Located = (partition: number) => ReplayedPartition;

/**
 * Reads all segments in order and applies what can be trusted.
 *
 * Where a batch cannot be read, the question is whether it was ever acknowledged. A later batch
 * that claims durability beyond this place proves that it was: corruption, charged to the
 * partitions whose record headers are still sound, and to all that cannot prove by their sequence
 * that they lost nothing. Without such a claim it is the tail that the crash tore: cut.
 */
export class Replay {
  private readonly segments: { sequence: number; end: number }[] = [];
  private readonly findings: string[] = [];
  private lastBatch = -1;
  private unattributed = false;
  private cutBytes = 0;
  private gapBefore = -1;
  private records = 0;

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
        this.loseUnattributed(`segment ${segmentName(before + 1)} is missing`);
        this.gapBefore = sequence;
      }
      if (!this.readSegment(this.load(sequence), later)) break;
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

  private load(sequence: number, bytesMax?: number): SegmentScan {
    return loadSegment(this.fileSystem, this.directory, sequence, this.salt, bytesMax);
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
      if (verdict === 'none' && later.length > 0 && this.nextFollows(scan.sequence, later)) {
        this.segments.push({ sequence: scan.sequence, end: offset });
        return true;
      }
      if (!this.acknowledged(scan, offset, later)) {
        this.endAt(scan, offset, verdict);
        return false;
      }
      offset = this.passDamage(scan, offset, verdict);
      if (offset < 0) {
        this.segments.push({ sequence: scan.sequence, end: scan.bytes.length });
        return true;
      }
    }
  }

  private takeBatch(scan: SegmentScan, offset: number): number {
    const { claim, sequence, bytes } = scan;
    if (this.lastBatch >= 0 && claim.number !== this.lastBatch + 1) {
      this.loseUnattributed(`batches are missing before ${this.place(scan, offset)}`);
    }
    this.lastBatch = claim.number;
    const end = scan.batchEnd(offset);
    scan.visit(offset, (header, at) => {
      const record = { header, bytes, offset: at, segment: sequence };
      this.records += 1;
      this.located(header.partition).apply(record);
    });
    return end;
  }

  /** True when the next segment goes on where this one ends, or is missing altogether. */
  private nextFollows(sequence: number, later: readonly number[]): boolean {
    if (later[0] !== sequence + 1) return true;
    const next = this.load(sequence + 1, SEGMENT_HEADER_BYTES + BATCH_RECORD_BYTES);
    const verdict = next.batchAt(SEGMENT_HEADER_BYTES);
    return verdict !== 'none' && next.claim.number === this.lastBatch + 1;
  }

  /** True when some later batch claims that the log was durable beyond this place. */
  private acknowledged(scan: SegmentScan, offset: number, later: readonly number[]): boolean {
    const beyond = ({ claim }: SegmentScan): boolean =>
      claim.durableSegment > scan.sequence ||
      (claim.durableSegment === scan.sequence && claim.durableOffset > offset);
    const probe = (segment: SegmentScan, from: number): boolean => {
      for (let at = segment.nextBatch(from); at >= 0; at = segment.nextBatch(at + 1)) {
        if (beyond(segment)) return true;
      }
      return false;
    };
    if (probe(scan, offset + 1)) return true;
    return later.some((sequence) => probe(this.load(sequence), SEGMENT_HEADER_BYTES));
  }

  /**
   * The log ends here: what lies behind was never acknowledged. It may be zeros, a torn batch, or
   * records from an earlier life of a recycled file.
   */
  private endAt(scan: SegmentScan, offset: number, verdict: BatchVerdict): void {
    if (verdict === 'damaged') {
      scan.batchAt(offset);
      this.cutBytes = Math.min(scan.bytes.length, scan.batchEnd(offset)) - offset;
      this.findings.push(`a torn tail at ${this.place(scan, offset)} is cut off`);
    }
    // A blank segment behind a gap stays: it is the evidence that something is missing.
    const needed = offset > SEGMENT_HEADER_BYTES || this.gapBefore === scan.sequence;
    if (needed) this.segments.push({ sequence: scan.sequence, end: offset });
  }

  /** Saves what can be saved of a damaged batch; returns where the next one begins, −1 for none. */
  private passDamage(scan: SegmentScan, offset: number, verdict: BatchVerdict): number {
    const where = this.place(scan, offset);
    if (verdict === 'none') {
      this.loseUnattributed(`a batch at ${where} is damaged`);
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
        found.lose(header, reason);
        this.findings.push(`${reason}: partition ${header.partition}`);
      }
    });
    if (!whole) this.loseUnattributed(`a record header in the batch at ${where} is damaged`);
    return end;
  }

  private loseUnattributed(reason: string): void {
    this.unattributed = true;
    this.findings.push(reason);
    for (const partition of this.known()) partition.suspect(reason);
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
