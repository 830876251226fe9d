import { partitionId, term } from '@metad/foundation';
import type { PartitionId, Term } from '@metad/foundation';
import { ByteReader, ByteWriter, readSnapshotMeta, writeSnapshotMeta } from '../../codec/index.js';
import type { StoredSnapshot } from '../../storage/snapshot-port.js';
import { FRAME_KIND, FRAME_VERSION } from '../frame/round-frame.js';

/**
 * How a snapshot travels: `offer` names it and asks how much of it the receiver already holds, one
 * `chunk` after another follows from there, `finish` makes it take effect. Each is a request of its
 * own with a small answer, so a transfer that breaks off is resumed by offering again, and normal
 * traffic never waits behind more than one chunk.
 */
export type SnapshotRequest =
  | { readonly op: 'offer'; readonly partition: PartitionId; readonly snapshot: StoredSnapshot }
  | {
      readonly op: 'chunk';
      readonly partition: PartitionId;
      readonly checksum: number;
      readonly chunk: number;
      /** Valid until the handler returns. */
      readonly bytes: Uint8Array;
    }
  | {
      readonly op: 'finish';
      readonly partition: PartitionId;
      readonly checksum: number;
      /** The sender's term as leader. */
      readonly term: Term;
    };

/** `next`: the chunk that is wanted next. `refused`: not now, or not this snapshot. */
export interface SnapshotAnswer {
  readonly status: 'next' | 'refused';
  readonly next: number;
}

const OPS = ['offer', 'chunk', 'finish'] as const;
/** Bytes of a chunk frame besides the chunk. */
export const CHUNK_FRAME_OVERHEAD = 64;

export function encodeRequest(request: SnapshotRequest): Uint8Array {
  const writer = new ByteWriter(request.op === 'chunk' ? request.bytes.length + 64 : 512);
  writer.u8(FRAME_KIND.snapshot);
  writer.u8(FRAME_VERSION);
  writer.u8(OPS.indexOf(request.op));
  writer.varint(request.partition);
  switch (request.op) {
    case 'offer':
      writeSnapshotMeta(writer, request.snapshot.meta);
      writer.varint(request.snapshot.bytes);
      writer.varint(request.snapshot.chunks);
      writer.u32(request.snapshot.checksum);
      break;
    case 'chunk':
      writer.u32(request.checksum);
      writer.varint(request.chunk);
      writer.bytes(request.bytes);
      break;
    case 'finish':
      writer.u32(request.checksum);
      writer.varint(request.term);
      break;
  }
  return writer.view();
}

/** Throws `DecodeError`. */
export function decodeRequest(frame: Uint8Array): SnapshotRequest {
  const reader = new ByteReader(frame, 1);
  if (reader.u8() !== FRAME_VERSION) reader.fail('a frame version this node does not know');
  const op = OPS[reader.u8()] ?? reader.fail('an unknown snapshot request');
  const partition = partitionId(reader.varint());
  switch (op) {
    case 'offer': {
      const meta = readSnapshotMeta(reader);
      const bytes = reader.varint();
      const chunks = reader.varint();
      return { op, partition, snapshot: { meta, bytes, chunks, checksum: reader.u32() } };
    }
    case 'chunk': {
      const checksum = reader.u32();
      const chunk = reader.varint();
      return { op, partition, checksum, chunk, bytes: reader.bytesView() };
    }
    case 'finish': {
      const checksum = reader.u32();
      return { op, partition, checksum, term: term(reader.varint()) };
    }
  }
}

export function encodeAnswer(answer: SnapshotAnswer): Uint8Array {
  const writer = new ByteWriter(16);
  writer.u8(FRAME_KIND.snapshot);
  writer.u8(FRAME_VERSION);
  writer.u8(answer.status === 'next' ? 0 : 1);
  writer.varint(answer.next);
  return writer.view();
}

/** Throws `DecodeError`. */
export function decodeAnswer(frame: Uint8Array): SnapshotAnswer {
  const reader = new ByteReader(frame);
  if (reader.u8() !== FRAME_KIND.snapshot) reader.fail('not a snapshot answer');
  if (reader.u8() !== FRAME_VERSION) reader.fail('a frame version this node does not know');
  const status = reader.u8() === 0 ? 'next' : 'refused';
  return { status, next: reader.varint() };
}
