import { logIndex, partitionId, term } from '@metad/foundation';
import type { LogIndex, PartitionId, Term } from '@metad/foundation';
import type { ByteReader, ByteWriter } from '../../codec/index.js';
import type { Message } from '../../core/index.js';
import { readMessage, writeMessage } from './message-codec.js';
import type { Ends } from './message-codec.js';

/**
 * What one node says to another in one round, for all partitions they share: a beat of the sending
 * node, then items, each a tag, a partition and its fields, up to the end of the frame. Requests
 * and replies have the same form; a frame without items is a beat, or an answer to one.
 */
export const FRAME_VERSION = 1;

/** First byte of a frame: what the rest is. */
export const FRAME_KIND = { round: 1, snapshot: 2, inquiry: 3, tail: 4 } as const;

/** What a node says about itself in every frame. */
export interface Beat {
  /** Chosen at random when the process starts: a change tells that the node was restarted. */
  readonly boot: number;
  readonly draining: boolean;
  /** It reads commit notices; whoever does not say so gets heartbeats in their place. */
  readonly readsCommits: boolean;
  /** Partitions it leads, and entries per second it commits as their leader. */
  readonly leaders: number;
  readonly load: number;
}

/** A leader tells a follower that the partition goes quiet at this term and commit. */
export interface QuietNotice {
  readonly partition: PartitionId;
  readonly term: Term;
  readonly commit: LogIndex;
}

/**
 * How a node stands, in one byte. At first this was a flag for `draining`: nodes of that time read
 * anything but 1 as 0. A node that drains says nothing else, and is spoken to as they are.
 */
const STANDING = { plain: 0, draining: 1, readsCommits: 2 } as const;

function standingOf({ draining, readsCommits }: Beat): number {
  if (draining) return STANDING.draining;
  return readsCommits ? STANDING.readsCommits : STANDING.plain;
}

const TAG = { message: 1, quiet: 2, awake: 3 } as const;

export function writeBeat(writer: ByteWriter, beat: Beat): void {
  writer.u8(FRAME_KIND.round);
  writer.u8(FRAME_VERSION);
  writer.u8(standingOf(beat));
  writer.u32(beat.boot);
  writer.varint(beat.leaders);
  writer.varint(Math.round(beat.load));
}

export function writeMessageItem(
  writer: ByteWriter,
  partition: PartitionId,
  message: Message,
): void {
  writer.u8(TAG.message);
  writer.varint(partition);
  writeMessage(writer, message);
}

export function writeQuietItem(writer: ByteWriter, notice: QuietNotice): void {
  writer.u8(TAG.quiet);
  writer.varint(notice.partition);
  writer.varint(notice.term);
  writer.varint(notice.commit);
}

/** A follower that could not go quiet tells its leader. */
export function writeAwakeItem(writer: ByteWriter, partition: PartitionId): void {
  writer.u8(TAG.awake);
  writer.varint(partition);
}

/** Receives the items of a frame in the order in which they were written. */
export interface RoundFrameVisitor {
  onMessage(partition: PartitionId, message: Message): void;
  onQuiet(from: Ends['from'], notice: QuietNotice): void;
  onAwake(partition: PartitionId): void;
}

/** Reads the beat; the reader stands at the first item afterwards. Throws `DecodeError`. */
export function readBeat(reader: ByteReader): Beat {
  if (reader.u8() !== FRAME_KIND.round) reader.fail('not a round frame');
  if (reader.u8() !== FRAME_VERSION) reader.fail('a frame version this node does not know');
  const standing = reader.u8();
  const boot = reader.u32();
  const leaders = reader.varint();
  const draining = standing === STANDING.draining;
  const readsCommits = standing === STANDING.readsCommits;
  return { boot, draining, readsCommits, leaders, load: reader.varint() };
}

/** Reads all items. Throws `DecodeError`; items before the fault have been visited by then. */
export function readItems(reader: ByteReader, ends: Ends, visitor: RoundFrameVisitor): void {
  while (reader.remaining > 0) {
    const tag = reader.u8();
    const partition = partitionId(reader.varint());
    if (tag === TAG.message) {
      visitor.onMessage(partition, readMessage(reader, ends));
    } else if (tag === TAG.quiet) {
      const at = term(reader.varint());
      const commit = logIndex(reader.varint());
      visitor.onQuiet(ends.from, { partition, term: at, commit });
    } else if (tag === TAG.awake) {
      visitor.onAwake(partition);
    } else {
      reader.fail('an unknown item');
    }
  }
}
