import { logIndex, partitionId, term } from '@metad/foundation';
import type { PartitionId, Term } from '@metad/foundation';
import { ByteWriter, readConfState, writeConfState } from '../../codec/index.js';
import type { ConfState, LogPosition } from '../../core/index.js';
import type { Damage } from '../../storage/log-port.js';
import { FRAME_KIND, FRAME_VERSION } from './round-frame.js';
import { openSideFrame } from './side-frame.js';

/**
 * A replica that may have lost records asks every other voter how far terms and logs have gone,
 * before it takes part again. The answer is null from a node that has no such replica.
 */
export interface InquiryAnswer {
  readonly term: Term;
  readonly conf: ConfState;
  /** Where the log of the one who answers ends. */
  readonly last: LogPosition;
  /** What is wrong with its log, if anything. */
  readonly damage: Damage['kind'] | null;
}

const DAMAGES = [null, 'suspect', 'corrupt'] as const;

export function encodeInquiry(partition: PartitionId): Uint8Array {
  const writer = new ByteWriter(16);
  writer.u8(FRAME_KIND.inquiry);
  writer.u8(FRAME_VERSION);
  writer.varint(partition);
  return writer.view();
}

/** Throws `DecodeError`. */
export function decodeInquiry(frame: Uint8Array): PartitionId {
  return partitionId(openSideFrame(frame, FRAME_KIND.inquiry).varint());
}

export function encodeInquiryAnswer(answer: InquiryAnswer | null): Uint8Array {
  const writer = new ByteWriter(256);
  writer.u8(FRAME_KIND.inquiry);
  writer.u8(FRAME_VERSION);
  writer.u8(answer === null ? 0 : 1);
  if (answer !== null) {
    writer.varint(answer.term);
    writeConfState(writer, answer.conf);
    writer.varint(answer.last.index);
    writer.varint(answer.last.term);
    writer.u8(DAMAGES.indexOf(answer.damage));
  }
  return writer.view();
}

/** Throws `DecodeError`. */
export function decodeInquiryAnswer(frame: Uint8Array): InquiryAnswer | null {
  const reader = openSideFrame(frame, FRAME_KIND.inquiry);
  if (reader.u8() === 0) return null;
  const at = term(reader.varint());
  const conf = readConfState(reader);
  const last = { index: logIndex(reader.varint()), term: term(reader.varint()) };
  const damage = DAMAGES[reader.u8()];
  if (damage === undefined) return reader.fail('an unknown kind of damage');
  return { term: at, conf, last, damage };
}
