export { ByteWriter } from './byte-writer.js';
export { ByteReader, DecodeError, u16At, u32At, u48At } from './byte-reader.js';
export type { DecodeErrorCode } from './byte-reader.js';
export { writeEntries, readEntries } from './entry-codec.js';
export {
  writeConfState,
  readConfState,
  writeConfChange,
  readConfChange,
  writeSnapshotMeta,
  readSnapshotMeta,
} from './conf-codec.js';
