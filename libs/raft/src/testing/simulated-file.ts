import type { Random } from '@metad/foundation';

const SECTOR_BYTES = 512;

/** What becomes of a write that was not synced, or each by its own lot. */
export type Fate = 'kept' | 'lost' | 'chance';

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

  /** Power is cut: by chance, each write since the last sync survives, is torn, or is lost. */
  crash(random: Random, fate: Fate): void {
    for (const write of this.pending) {
      if (fate === 'kept') this.settle(write);
      if (fate === 'chance') this.draw(write, random);
    }
    this.pending = [];
    this.cached = this.durable.slice();
  }

  private draw(write: PendingWrite, random: Random): void {
    const fate = random.below(3);
    if (fate === 0) return;
    if (fate === 1 || write.bytes === null) {
      this.settle(write);
      return;
    }
    const tear = random.below(2) > 0 ? front : someSectors;
    for (const part of tear(write, write.bytes, random)) this.settle(part);
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
function front(write: PendingWrite, bytes: Uint8Array, random: Random): PendingWrite[] {
  let kept = random.below(bytes.length + 1);
  if (random.below(3) > 0) {
    const end = write.position + kept;
    kept = Math.max(0, end - (end % SECTOR_BYTES) - write.position);
  }
  return [{ position: write.position, bytes: bytes.subarray(0, kept) }];
}

/** Any of the sectors that a write covers, as a device that reorders them leaves it. */
function someSectors(write: PendingWrite, bytes: Uint8Array, random: Random): PendingWrite[] {
  const kept: PendingWrite[] = [];
  let at = 0;
  while (at < bytes.length) {
    const position = write.position + at;
    const next = Math.min(bytes.length, at + SECTOR_BYTES - (position % SECTOR_BYTES));
    if (random.below(2) > 0) kept.push({ position, bytes: bytes.subarray(at, next) });
    at = next;
  }
  return kept;
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
