import type { Partition } from './partition/partition.js';
import type { PeerLink } from './peer/peer-link.js';

/** How the loop of a node does; counters since start, the others as last measured. */
export interface NodeStatsSnapshot {
  readonly partitions: number;
  readonly quietPartitions: number;
  readonly leaders: number;
  readonly proposalsInFlight: number;
  /** Durable writes, and what they carried. */
  readonly rounds: number;
  readonly entriesWritten: number;
  readonly proposals: number;
  readonly applied: number;
  /** Readys and entries in the last durable write, smoothed. */
  readonly readiesPerRound: number;
  readonly entriesPerRound: number;
  /** Milliseconds of the last durable write, smoothed and worst in the last interval. */
  readonly writeMs: number;
  readonly writeMsMax: number;
  /** Milliseconds that a tick came late: how long the loop was busy, smoothed and worst. */
  readonly loopDelayMs: number;
  readonly loopDelayMsMax: number;
  readonly framesInFlight: number;
  readonly gatheredBytes: number;
  readonly droppedMessages: number;
  readonly snapshotsTaken: number;
  readonly snapshotFailures: number;
  readonly malformedFrames: number;
}

const smoothing = 0.1;
const smooth = (before: number, value: number): number => before + (value - before) * smoothing;

/** The part of it that the loop itself counts. */
export type LoopCounters = Pick<
  NodeStatsSnapshot,
  | 'rounds'
  | 'entriesWritten'
  | 'proposals'
  | 'applied'
  | 'malformedFrames'
  | 'readiesPerRound'
  | 'entriesPerRound'
  | 'writeMs'
  | 'writeMsMax'
  | 'loopDelayMs'
  | 'loopDelayMsMax'
>;

/** Collects what the loop measures about itself; costs a few additions for each round. */
export class NodeStats implements LoopCounters {
  rounds = 0;
  entriesWritten = 0;
  proposals = 0;
  applied = 0;
  malformedFrames = 0;
  readiesPerRound = 0;
  entriesPerRound = 0;
  writeMs = 0;
  writeMsMax = 0;
  loopDelayMs = 0;
  loopDelayMsMax = 0;
  private writeMsWorst = 0;
  private loopDelayMsWorst = 0;

  proposed(count: number): void {
    this.proposals += count;
  }

  wrote(readies: number, entries: number, milliseconds: number): void {
    this.rounds += 1;
    this.entriesWritten += entries;
    this.readiesPerRound = smooth(this.readiesPerRound, readies);
    this.entriesPerRound = smooth(this.entriesPerRound, entries);
    this.writeMs = smooth(this.writeMs, milliseconds);
    if (milliseconds > this.writeMsWorst) this.writeMsWorst = milliseconds;
  }

  ticked(lateMs: number): void {
    this.loopDelayMs = smooth(this.loopDelayMs, lateMs);
    if (lateMs > this.loopDelayMsWorst) this.loopDelayMsWorst = lateMs;
  }

  counters(): LoopCounters {
    const { rounds, entriesWritten, proposals, applied, malformedFrames } = this;
    const { readiesPerRound, entriesPerRound, writeMs, writeMsMax } = this;
    const { loopDelayMs, loopDelayMsMax } = this;
    return {
      ...{ rounds, entriesWritten, proposals, applied, malformedFrames },
      ...{ readiesPerRound, entriesPerRound, writeMs, writeMsMax, loopDelayMs, loopDelayMsMax },
    };
  }

  /** Ends an interval of observation: the worst of it is what is shown until the next ends. */
  endInterval(): void {
    this.writeMsMax = this.writeMsWorst;
    this.loopDelayMsMax = this.loopDelayMsWorst;
    this.writeMsWorst = 0;
    this.loopDelayMsWorst = 0;
  }
}

export function countPartitions(
  all: Iterable<Partition>,
): Pick<NodeStatsSnapshot, 'partitions' | 'quietPartitions' | 'leaders'> {
  const counts = { partitions: 0, quietPartitions: 0, leaders: 0 };
  for (const { state, role } of all) {
    counts.partitions += 1;
    if (state === 'quiet') counts.quietPartitions += 1;
    if (role === 'leader') counts.leaders += 1;
  }
  return counts;
}

export function countFrames(
  links: Iterable<PeerLink>,
): Pick<NodeStatsSnapshot, 'framesInFlight' | 'gatheredBytes' | 'droppedMessages'> {
  const counts = { framesInFlight: 0, gatheredBytes: 0, droppedMessages: 0 };
  for (const link of links) {
    counts.framesInFlight += link.framesInFlight;
    counts.gatheredBytes += link.gatheredBytes;
    counts.droppedMessages += link.droppedMessages;
  }
  return counts;
}
