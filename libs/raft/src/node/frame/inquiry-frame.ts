import { partitionId, term } from '@metad/foundation';
import type { PartitionId, Term } from '@metad/foundation';
import { ByteReader, ByteWriter, readConfState, writeConfState } from '../../codec/index.js';
import type { ConfState } from '../../core/index.js';
import { FRAME_KIND, FRAME_VERSION } from './round-frame.js';

/**
 * A replica that has lost records asks every other voter how far terms have gone, before it takes
 * part again. The answer is null from a node that cannot know: it has no such replica, or a damaged
 * one itself.
 */
export interface InquiryAnswer {
  readonly term: Term;
  readonly conf: ConfState;
}

export function encodeInquiry(partition: PartitionId): Uint8Array {
  const writer = new ByteWriter(16);
  writer.u8(FRAME_KIND.inquiry);
  writer.u8(FRAME_VERSION);
  writer.varint(partition);
  return writer.view();
}

/** Throws `DecodeError`. */
export function decodeInquiry(frame: Uint8Array): PartitionId {
  return partitionId(openFrame(frame).varint());
}

export function encodeInquiryAnswer(answer: InquiryAnswer | null): Uint8Array {
  const writer = new ByteWriter(256);
  writer.u8(FRAME_KIND.inquiry);
  writer.u8(FRAME_VERSION);
  writer.u8(answer === null ? 0 : 1);
  if (answer !== null) {
    writer.varint(answer.term);
    writeConfState(writer, answer.conf);
  }
  return writer.view();
}

/** Throws `DecodeError`. */
export function decodeInquiryAnswer(frame: Uint8Array): InquiryAnswer | null {
  const reader = openFrame(frame);
  if (reader.u8() === 0) return null;
  const at = term(reader.varint());
  return { term: at, conf: readConfState(reader) };
}

function openFrame(frame: Uint8Array): ByteReader {
  const reader = new ByteReader(frame);
  if (reader.u8() !== FRAME_KIND.inquiry) reader.fail('not an inquiry');
  if (reader.u8() !== FRAME_VERSION) reader.fail('a frame version this node does not know');
  return reader;
}
