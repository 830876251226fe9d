import { invariant } from '@metad/foundation';
import { ChunkPool, type Chunk } from '../chunk-pool.js';

/** Where a text lies. */
export interface TextPlace {
  readonly chunk: number;
  readonly offset: number;
  readonly length: number;
}

/** Texts that stay as they are until the image is released. */
export interface TextImage {
  /** All of them, one after another, as copies. */
  chunks(): Generator<Buffer>;
  release(): void;
}

/**
 * Texts in the order of their coming, as bytes in a few large chunks: the oldest leave first, a
 * chunk at a time. What would be a handful of objects for each text is nothing to the garbage
 * collector here. What is written in a chunk stays until the whole chunk has left and no image
 * holds it; then it is used again.
 */
export class TextQueue {
  /** Chunk `first` and those after it. */
  private readonly chunks: Chunk[] = [];
  private readonly pool = new ChunkPool();
  private first = 0;

  push(text: string): TextPlace {
    let last = this.chunks[this.chunks.length - 1];
    if (last === undefined || !surelyFits(text, last)) {
      const length = Buffer.byteLength(text);
      if (last === undefined || last.end + length > last.bytes.length) last = this.newChunk(length);
    }
    const offset = last.end;
    const length = last.bytes.write(text, offset);
    last.end += length;
    return { chunk: this.first + this.chunks.length - 1, offset, length };
  }

  private newChunk(length: number): Chunk {
    const chunk = this.pool.next(this.chunks[this.chunks.length - 1] ?? null, length);
    this.chunks.push(chunk);
    return chunk;
  }

  bytesAt({ chunk, offset, length }: TextPlace): Buffer {
    const held = this.chunks[chunk - this.first];
    invariant(held !== undefined, 'a text that is asked for has not been let go');
    return held.bytes.subarray(offset, offset + length);
  }

  /** Lets everything before `chunk` go; the newest chunk stays, as it may have room. */
  letGoBefore(chunk: number): void {
    const count = Math.min(chunk - this.first, this.chunks.length - 1);
    if (count <= 0) return;
    for (const gone of this.chunks.splice(0, count)) this.pool.letGo(gone);
    this.first += count;
  }

  /** The text at `place` and all that have come after it. */
  imageFrom({ chunk, offset }: TextPlace): TextImage {
    const held = this.chunks.slice(chunk - this.first).map((each, at) => {
      each.holders += 1;
      return { chunk: each, written: each.bytes.subarray(at === 0 ? offset : 0, each.end) };
    });
    return {
      *chunks() {
        for (const { written } of held) if (written.length > 0) yield copyOf(written);
      },
      release: () => {
        for (const each of held.splice(0)) this.pool.letGo(each.chunk);
      },
    };
  }
}

/** UTF-8 has at most three bytes for a unit of UTF-16: to count them all would cost a pass. */
function surelyFits(text: string, { bytes, end }: Chunk): boolean {
  return end + text.length * 3 <= bytes.length;
}

function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
