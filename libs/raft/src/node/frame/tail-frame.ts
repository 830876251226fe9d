import { logIndex, partitionId, term } from '@metad/foundation';
import type { LogIndex, PartitionId, Term } from '@metad/foundation';
import { ByteWriter, readEntries, writeEntries } from '../../codec/index.js';
import type { Entry } from '../../core/index.js';
import { FRAME_KIND, FRAME_VERSION } from './round-frame.js';
import { openSideFrame } from './side-frame.js';

/** Asks a node for the end of its replica's log: see `Refill`. */
export interface TailInquiry {
  readonly partition: PartitionId;
  readonly from: LogIndex;
}

/** As many entries from the index on as fit; null from one that has no such log any more. */
export interface LogTail {
  /** Of the entry before the first. */
  readonly termBefore: Term;
  readonly entries: readonly Entry[];
}

export function encodeTailInquiry({ partition, from }: TailInquiry): Uint8Array {
  const writer = new ByteWriter(16);
  writer.u8(FRAME_KIND.tail);
  writer.u8(FRAME_VERSION);
  writer.varint(partition);
  writer.varint(from);
  return writer.view();
}

/** Throws `DecodeError`. */
export function decodeTailInquiry(frame: Uint8Array): TailInquiry {
  const reader = openSideFrame(frame, FRAME_KIND.tail);
  return { partition: partitionId(reader.varint()), from: logIndex(reader.varint()) };
}

export function encodeTail(tail: LogTail | null): Uint8Array {
  const writer = new ByteWriter(1_024);
  writer.u8(FRAME_KIND.tail);
  writer.u8(FRAME_VERSION);
  writer.u8(tail === null ? 0 : 1);
  if (tail !== null) {
    writer.varint(tail.termBefore);
    writeEntries(writer, tail.entries);
  }
  return writer.view();
}

/** Throws `DecodeError`. */
export function decodeTail(frame: Uint8Array): LogTail | null {
  const reader = openSideFrame(frame, FRAME_KIND.tail);
  if (reader.u8() === 0) return null;
  return { termBefore: term(reader.varint()), entries: readEntries(reader) };
}
