import { invariant } from '@metad/foundation';
import { ChunkPool, CHUNK_BYTES_MAX, type Chunk } from '../chunk-pool.js';
import type { RecordRows } from './record-rows.js';

/** So much may be dead in addition to half of what lives. */
const DEAD_BYTES_FREE = CHUNK_BYTES_MAX;
/** Before the bytes of every version: whose they are, and how many. */
const HEAD_BYTES = 8;

/**
 * The bytes of records, outside of the garbage collector's sight. Versions are written one after
 * another into chunks and never changed, so that an image holds chunks and copies nothing. A
 * version that another one has replaced is dead where it lies; when more is dead than half of
 * what lives, the chunk with the least life in it is emptied: its living versions are copied to
 * the end, and it is used again once no image holds it. So at most a third of the memory is dead,
 * and a change moves at most a few chunks.
 */
export class RecordHeap {
  private chunks: (Chunk | null)[] = [];
  /** Numbers of chunks that are gone. */
  private readonly gaps: number[] = [];
  private readonly pool = new ChunkPool();
  private newest = -1;
  private liveBytes = 0;
  private writtenBytes = 0;

  constructor(private readonly rows: RecordRows) {}

  /** Bytes of what rows point at, and of what they no longer do. */
  get bytes(): { readonly live: number; readonly dead: number } {
    return { live: this.liveBytes, dead: this.writtenBytes - this.liveBytes };
  }

  /** A chunk with room for a version of at most `bytesMax`: write it at `end` + `HEAD_BYTES`. */
  roomFor(bytesMax: number): Chunk {
    const needed = bytesMax + HEAD_BYTES;
    const newest = this.chunks[this.newest];
    if (newest && newest.end + needed <= newest.bytes.length) return newest;
    return this.newChunk(needed);
  }

  /** Where in the chunk that `roomFor` gave the version begins. */
  startIn(chunk: Chunk): number {
    return chunk.end + HEAD_BYTES;
  }

  /** The version of `length` bytes that was written there is the row's from now on. */
  commit(row: number, length: number): void {
    const chunk = this.chunks[this.newest] as Chunk;
    const offset = this.startIn(chunk);
    chunk.view.setUint32(chunk.end, row, true);
    chunk.view.setUint32(chunk.end + 4, length, true);
    chunk.end = offset + length;
    this.count(chunk, HEAD_BYTES + length);
    this.writtenBytes += HEAD_BYTES + length;
    this.rows.setPlace(row, this.newest, offset, length);
  }

  /** The row's version is dead: before another one is written, or the row released. */
  drop(row: number): void {
    const number = this.rows.chunkOf(row);
    const chunk = this.chunk(number);
    this.count(chunk, -(HEAD_BYTES + this.rows.lengthOf(row)));
    if (chunk.live === 0 && number !== this.newest) this.remove(number);
  }

  /** Makes room again; called when a change is complete, so that no row is without its version. */
  tidy(): void {
    while (this.writtenBytes - this.liveBytes > DEAD_BYTES_FREE + this.liveBytes / 2) {
      const number = this.leastAlive();
      if (number >= 0) this.empty(number);
      // What is dead lies in the newest: then that one is closed.
      else this.newChunk(0);
    }
  }

  chunk(number: number): Chunk {
    const chunk = this.chunks[number];
    invariant(chunk !== null && chunk !== undefined, 'a row points at bytes that are there');
    return chunk;
  }

  /** The chunks as they are now, by number; until `release`, none of them is used again. */
  hold(): HeldChunks {
    const chunks = this.chunks.slice();
    for (const chunk of chunks) if (chunk) chunk.holders += 1;
    return {
      chunk: (number) => chunks[number] as Chunk,
      release: () => {
        for (const chunk of chunks.splice(0)) if (chunk) this.pool.letGo(chunk);
      },
    };
  }

  private count(chunk: Chunk, bytes: number): void {
    chunk.live += bytes;
    this.liveBytes += bytes;
  }

  private newChunk(needed: number): Chunk {
    const before = this.chunks[this.newest] ?? null;
    const chunk = this.pool.next(before, needed);
    const last = this.newest;
    this.newest = this.gaps.pop() ?? this.chunks.length;
    this.chunks[this.newest] = chunk;
    if (before?.live === 0) this.remove(last);
    return chunk;
  }

  /** The chunk with the least life in it, but for the newest; -1 when all others only live. */
  private leastAlive(): number {
    let [least, share] = [-1, 1];
    for (const [number, chunk] of this.chunks.entries()) {
      if (!chunk || number === this.newest) continue;
      const alive = chunk.live / chunk.end;
      if (alive < share) [least, share] = [number, alive];
    }
    return least;
  }

  /** Copies the living versions of a chunk to the end. */
  private empty(number: number): void {
    const chunk = this.chunk(number);
    const { rows } = this;
    for (let at = 0, next = 0; at < chunk.end && chunk.live > 0; at = next) {
      const row = chunk.view.getUint32(at, true);
      const length = chunk.view.getUint32(at + 4, true);
      next = at + HEAD_BYTES + length;
      const isHere = rows.chunkOf(row) === number && rows.offsetOf(row) === at + HEAD_BYTES;
      if (!isHere || !rows.isTaken(row)) continue;
      const into = this.roomFor(length);
      chunk.bytes.copy(into.bytes, this.startIn(into), at + HEAD_BYTES, next);
      this.count(chunk, at - next);
      this.commit(row, length);
    }
    invariant(chunk.live === 0, 'what lives in a chunk is found by walking it');
    if (this.chunks[number] === chunk) this.remove(number);
  }

  private remove(number: number): void {
    const chunk = this.chunk(number);
    this.chunks[number] = null;
    this.gaps.push(number);
    this.writtenBytes -= chunk.end;
    this.pool.letGo(chunk);
  }
}

/** Chunks that stay as they are. */
export interface HeldChunks {
  chunk(number: number): Chunk;
  release(): void;
}
