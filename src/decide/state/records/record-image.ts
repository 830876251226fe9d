import type { LogTime } from '@metad/foundation';
import type { StoredRecord } from '@metad/eventsourcing';
import { memoryOf } from '../page-queue.js';
import type { HeldChunks } from './record-heap.js';
import type { RecordName } from './record-names.js';
import type { RecordRows } from './record-rows.js';
import { readVersion } from './stored-version.js';

/** Bytes in one block of an image, about. */
const BLOCK_BYTES = 256 * 1024;
export const BLOCK_HEAD_BYTES = 8;
/** Before each version in a block: number of its name, bytes, end of its lease. */
const VERSION_HEAD_BYTES = 16;
const LENGTH = 4;
const EXPIRES_AT = 8;
const NEVER = -1;

/** Of one record in a list: number of its name, chunk, offset, length, end of its lease. */
const ITEM_BYTES = 24;
const CHUNK = 4;
const OFFSET = 8;
const ITEM_LENGTH = 12;
const ITEM_EXPIRES_AT = 16;

/**
 * Records of a partition at one moment. Where their bytes lie is listed, at about ten nanoseconds a
 * record; the bytes themselves never change.
 */
export class RecordImage {
  private readonly list: DataView;
  private listed = 0;

  constructor(
    private readonly chunks: HeldChunks,
    /** By number. */
    readonly names: readonly (RecordName | null)[],
    readonly count: number,
  ) {
    this.list = new DataView(memoryOf(count * ITEM_BYTES));
  }

  /** Lists one of the `count` records: while the image is taken. */
  add(rows: RecordRows, row: number): void {
    const { list } = this;
    const at = this.listed * ITEM_BYTES;
    list.setUint32(at, rows.nameOf(row), true);
    list.setUint32(at + CHUNK, rows.chunkOf(row), true);
    list.setUint32(at + OFFSET, rows.offsetOf(row), true);
    list.setUint32(at + ITEM_LENGTH, rows.lengthOf(row), true);
    list.setFloat64(at + ITEM_EXPIRES_AT, rows.expiresAtOf(row) ?? NEVER, true);
    this.listed += 1;
  }

  /** In no particular order; each is made when it is asked for. */
  *records(): Generator<StoredRecord> {
    const { list } = this;
    for (let at = 0; at < list.byteLength; at += ITEM_BYTES) {
      const { kind, namespace } = this.names[list.getUint32(at, true)] as RecordName;
      const expiresAt = endAt(list, at + ITEM_EXPIRES_AT);
      const chunk = this.chunks.chunk(list.getUint32(at + CHUNK, true));
      const offset = list.getUint32(at + OFFSET, true);
      const length = list.getUint32(at + ITEM_LENGTH, true);
      yield readVersion(chunk, offset, length, { kind, namespace, expiresAt });
    }
  }

  /**
   * Blocks of bytes, each with how many records and bytes follow, and then those records: number of
   * the name, length, end of the lease, version.
   */
  *blocks(): Generator<Buffer> {
    const { list } = this;
    let [from, bytes] = [0, 0];
    for (let at = 0; at < list.byteLength; at += ITEM_BYTES) {
      bytes += VERSION_HEAD_BYTES + list.getUint32(at + ITEM_LENGTH, true);
      const to = at + ITEM_BYTES;
      if (bytes < BLOCK_BYTES && to < list.byteLength) continue;
      yield this.block(from, to, bytes);
      [from, bytes] = [to, 0];
    }
  }

  /** The image is not read after this. */
  release(): void {
    this.chunks.release();
  }

  private block(from: number, to: number, bytes: number): Buffer {
    const { list, chunks } = this;
    const block = Buffer.allocUnsafeSlow(BLOCK_HEAD_BYTES + bytes);
    block.writeUInt32LE((to - from) / ITEM_BYTES, 0);
    block.writeUInt32LE(bytes, 4);
    let end = BLOCK_HEAD_BYTES;
    for (let at = from; at < to; at += ITEM_BYTES) {
      const length = list.getUint32(at + ITEM_LENGTH, true);
      const offset = list.getUint32(at + OFFSET, true);
      block.writeUInt32LE(list.getUint32(at, true), end);
      block.writeUInt32LE(length, end + LENGTH);
      block.writeDoubleLE(list.getFloat64(at + ITEM_EXPIRES_AT, true), end + EXPIRES_AT);
      end += VERSION_HEAD_BYTES;
      const chunk = chunks.chunk(list.getUint32(at + CHUNK, true));
      end += chunk.bytes.copy(block, end, offset, offset + length);
    }
    return block;
  }
}

/** How many records a block holds, and how many bytes follow its head. */
export const readBlockHead = (
  head: Buffer,
): { readonly count: number; readonly bytes: number } => ({
  count: head.readUInt32LE(0),
  bytes: head.readUInt32LE(4),
});

/** The records of a block, without its head. */
export function* readBlock(
  block: Buffer,
  names: readonly (RecordName | null)[],
): Generator<StoredRecord> {
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  for (let at = 0; at < block.length;) {
    const { kind, namespace } = names[view.getUint32(at, true)] as RecordName;
    const length = view.getUint32(at + LENGTH, true);
    const expiresAt = endAt(view, at + EXPIRES_AT);
    at += VERSION_HEAD_BYTES;
    yield readVersion({ bytes: block, view }, at, length, { kind, namespace, expiresAt });
    at += length;
  }
}

function endAt(view: DataView, at: number): LogTime | null {
  const end = view.getFloat64(at, true);
  return end === NEVER ? null : (end as LogTime);
}
