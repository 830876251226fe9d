import { ByteReader } from '../../codec/index.js';
import { FRAME_VERSION } from './round-frame.js';

/** A reader behind the head of a frame of this kind. Throws `DecodeError`. */
export function openSideFrame(frame: Uint8Array, kind: number): ByteReader {
  const reader = new ByteReader(frame);
  if (reader.u8() !== kind) reader.fail('a frame of another kind');
  if (reader.u8() !== FRAME_VERSION) reader.fail('a frame version this node does not know');
  return reader;
}
