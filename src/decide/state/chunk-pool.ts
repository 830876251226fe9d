import { memoryOf } from './page-queue.js';

const CHUNK_BYTES_MIN = 1_024;
export const CHUNK_BYTES_MAX = 64 * 1024;
/** Chunks kept for what is written next. */
const SPARE_MAX = 2;

/** Bytes that are written once, one run after another, and stay until all of them have left. */
export class Chunk {
  readonly bytes: Buffer;
  readonly view: DataView;
  /** So much of it is written. */
  end = 0;
  /** Bytes that are still wanted, where somebody counts them. */
  live = 0;
  /** Who writes, and images that have not been released. */
  holders = 1;

  constructor(bytes: number) {
    const memory = memoryOf(bytes);
    this.bytes = Buffer.from(memory);
    this.view = new DataView(memory);
  }
}

/** Gives chunks, the smallest first, and takes full-sized ones back to be used again. */
export class ChunkPool {
  private readonly spare: Chunk[] = [];

  /** One with room for `needed` bytes, to follow `before`. */
  next(before: Chunk | null, needed: number): Chunk {
    const usual = before ? Math.min(before.bytes.length * 2, CHUNK_BYTES_MAX) : CHUNK_BYTES_MIN;
    const bytes = Math.max(usual, needed);
    return (bytes === CHUNK_BYTES_MAX && this.spare.pop()) || new Chunk(bytes);
  }

  letGo(chunk: Chunk): void {
    chunk.holders -= 1;
    if (chunk.holders > 0 || chunk.bytes.length !== CHUNK_BYTES_MAX) return;
    if (this.spare.length >= SPARE_MAX) return;
    chunk.end = 0;
    chunk.live = 0;
    chunk.holders = 1;
    this.spare.push(chunk);
  }
}
