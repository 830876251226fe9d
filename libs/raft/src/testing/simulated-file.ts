import type { Random } from '@metad/foundation';

const SECTOR_BYTES = 512;

interface PendingWrite {
  readonly position: number;
  /** Null for a change of size. */
  readonly bytes: Uint8Array | null;
}

/** The content of one file: as programs see it, and as the platter has it. */
export class SimulatedFile {
  private cached = new Uint8Array(0);
  private durable = new Uint8Array(0);
  private pending: PendingWrite[] = [];

  get size(): number {
    return this.cached.length;
  }

  get bytes(): Uint8Array {
    return this.cached;
  }

  write(bytes: Uint8Array, position: number): void {
    this.cached = written(this.cached, bytes, position);
    this.pending.push({ position, bytes: bytes.slice() });
  }

  truncate(size: number): void {
    this.cached = resized(this.cached, size);
    this.pending.push({ position: size, bytes: null });
  }

  /** Remembers what a sync that begins now will make durable. */
  beginSync(): () => void {
    const covered = this.pending.length;
    return () => {
      for (const write of this.pending.splice(0, covered)) this.settle(write);
    };
  }

  /** A sync that failed: the kernel forgets that the pages were dirty, and the data is gone. */
  failSync(): void {
    this.pending = [];
  }

  /** Power is cut: each write since the last sync survives, is torn, or is lost. */
  crash(random: Random): void {
    for (const write of this.pending) {
      const fate = random.below(3);
      if (fate === 0) continue;
      if (fate === 1 || write.bytes === null) this.settle(write);
      else this.settle({ position: write.position, bytes: torn(write, random) });
    }
    this.pending = [];
    this.cached = this.durable.slice();
  }

  clone(): SimulatedFile {
    const copy = new SimulatedFile();
    copy.cached = this.cached.slice();
    copy.durable = this.cached.slice();
    return copy;
  }

  flipBit(byte: number, bit: number): void {
    for (const image of [this.cached, this.durable]) {
      if (byte < image.length) image[byte] = (image[byte] as number) ^ (1 << bit);
    }
  }

  private settle(write: PendingWrite): void {
    this.durable =
      write.bytes === null
        ? resized(this.durable, write.position)
        : written(this.durable, write.bytes, write.position);
  }
}

/** The front of a write, cut at a sector of the device or, rarely, inside one. */
function torn(write: PendingWrite, random: Random): Uint8Array {
  const bytes = write.bytes ?? new Uint8Array(0);
  let kept = random.below(bytes.length + 1);
  if (random.below(4) > 0) {
    const end = write.position + kept;
    kept = Math.max(0, end - (end % SECTOR_BYTES) - write.position);
  }
  return bytes.subarray(0, kept);
}

function resized(image: Uint8Array<ArrayBuffer>, size: number): Uint8Array<ArrayBuffer> {
  if (size <= image.length) return image.slice(0, size);
  const grown = new Uint8Array(size);
  grown.set(image);
  return grown;
}

function written(
  image: Uint8Array<ArrayBuffer>,
  bytes: Uint8Array,
  position: number,
): Uint8Array<ArrayBuffer> {
  const end = position + bytes.length;
  const target = end > image.length ? resized(image, end) : image;
  target.set(bytes, position);
  return target;
}
