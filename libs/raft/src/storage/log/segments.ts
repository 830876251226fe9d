import { invariant } from '@metad/foundation';
import { ByteReader, ByteWriter } from '../../codec/index.js';
import type { DiskFile, FileSystem } from '../file-system-port.js';
import { checksum } from './format/checksum.js';
import { MARK_AREA_BYTES, marksAt } from './format/mark.js';
import { FORMAT_VERSION } from './format/record.js';

export const SEGMENT_HEADER_BYTES = 64;
const MAGIC = Uint8Array.from('METADLOG', (letter) => letter.charCodeAt(0));
const SUFFIX = '.log';

export const segmentName = (sequence: number): string =>
  `${String(sequence).padStart(12, '0')}${SUFFIX}`;

/** The number of the segment in a file of this name; null for any other file. */
export function segmentNumber(name: string): number | null {
  const match = /^(\d{12})\.log$/.exec(name);
  return match === null ? null : Number(match[1]);
}

/** Numbers of the segments in a directory, rising. */
export const listSegments = (fileSystem: FileSystem, directory: string): number[] =>
  fileSystem
    .list(directory)
    .map(segmentNumber)
    .filter((number) => number !== null);

/** What stands in the first 64 bytes of a segment. */
export interface SegmentHeader {
  readonly version: number;
  readonly sequence: number;
  readonly salt: number;
}

/** Magic, version, number, salt, CRC32C of all that; the rest of 64 bytes is zero. */
export function writeSegmentHeader(header: SegmentHeader): Uint8Array {
  const writer = new ByteWriter(SEGMENT_HEADER_BYTES);
  writer.raw(MAGIC);
  writer.u16(header.version);
  writer.u48(header.sequence);
  writer.u32(header.salt);
  writer.u32(checksum(writer.view(), 0, writer.length));
  writer.raw(new Uint8Array(SEGMENT_HEADER_BYTES - writer.length));
  return writer.copy();
}

/** The header, of whatever version; null when these bytes are none. */
export function readSegmentHeader(bytes: Uint8Array): SegmentHeader | null {
  if (bytes.length < SEGMENT_HEADER_BYTES) return null;
  const reader = new ByteReader(bytes, MAGIC.length);
  const header = { version: reader.u16(), sequence: reader.u48(), salt: reader.u32() };
  if (checksum(bytes, 0, reader.offset) !== reader.u32()) return null;
  return MAGIC.every((byte, at) => bytes[at] === byte) ? header : null;
}

/** Prepared, and never written to. */
export function isBlankSegment(
  fileSystem: FileSystem,
  directory: string,
  sequence: number,
): boolean {
  const file = fileSystem.open(`${directory}/${segmentName(sequence)}`, 'read');
  try {
    const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
    return bytes.subarray(0, file.read(bytes, 0)).every((byte) => byte === 0);
  } finally {
    file.close();
  }
}

export interface Segment {
  readonly sequence: number;
  readonly file: DiskFile;
  /** Bytes that hold records; what lies behind is zeros. */
  end: number;
}

/** Dropped segments kept to become the next ones. */
const SPARES_MAX = 2;

/**
 * The segment files of one log: the ones with records, and one prepared ahead, so that rotation
 * waits for no allocation. A new file appears under its name only when its zeros are durable. A
 * dropped segment of full size becomes a spare and then, renamed, the next segment, which saves
 * writing every byte twice; its old records cannot be taken for new ones, because the checksums of
 * their headers start from the number of the segment they were written for.
 */
export class Segments {
  private readonly bySequence = new Map<number, Segment>();
  private prepared: { sequence: number; done: Promise<DiskFile> } | null = null;
  private oldest = 0;
  private readonly spares: { readonly path: string; readonly file: DiskFile }[] = [];
  private sparesMade = 0;

  constructor(
    private readonly fileSystem: FileSystem,
    private readonly directory: string,
    readonly bytesPerSegment: number,
    readonly salt: number,
  ) {}

  /** Oldest first. */
  *all(): IterableIterator<Segment> {
    yield* this.bySequence.values();
  }

  get count(): number {
    return this.bySequence.size;
  }

  get bytesOnDisk(): number {
    const ahead = this.spares.length + (this.prepared === null ? 0 : 1);
    let bytes = ahead * this.bytesPerSegment;
    for (const segment of this.bySequence.values()) bytes += segment.end;
    return bytes;
  }

  /** Room for batches, and the marks behind it. */
  private get fileBytes(): number {
    return marksAt(this.bytesPerSegment) + MARK_AREA_BYTES;
  }

  pathOf(sequence: number): string {
    return `${this.directory}/${segmentName(sequence)}`;
  }

  get(sequence: number): Segment {
    const segment = this.bySequence.get(sequence);
    invariant(segment !== undefined, 'a segment that is needed exists');
    return segment;
  }

  oldestSequence(): number {
    return this.oldest;
  }

  /** Takes over a segment that recovery has read. Called in rising order. */
  adopt(segment: Segment): void {
    if (this.bySequence.size === 0) this.oldest = segment.sequence;
    this.bySequence.set(segment.sequence, segment);
  }

  /** Begins to make the next segment in the background. A fault appears when it is taken. */
  prepare(sequence: number): Promise<DiskFile> {
    if (this.prepared?.sequence === sequence) return this.prepared.done;
    const done = this.makeFile(sequence);
    this.prepared = { sequence, done };
    done.catch(() => {
      // Not the end: whoever takes the segment tries again, and gets the fault if it remains.
      if (this.prepared?.done === done) this.prepared = null;
    });
    return done;
  }

  private async makeFile(sequence: number): Promise<DiskFile> {
    const spare = this.spares.pop();
    if (spare !== undefined) {
      this.fileSystem.rename(spare.path, this.pathOf(sequence));
      await this.fileSystem.syncDirectory(this.directory);
      return spare.file;
    }
    const temporary = `${this.directory}/prepared.tmp`;
    const file = this.fileSystem.open(temporary, 'create');
    try {
      await file.allocate(this.fileBytes);
      this.fileSystem.rename(temporary, this.pathOf(sequence));
      await this.fileSystem.syncDirectory(this.directory);
      return file;
    } catch (fault) {
      file.close();
      throw fault;
    }
  }

  /** The next segment, its header written, ready for its first batch. */
  async take(sequence: number): Promise<Segment> {
    const file = await this.prepare(sequence);
    this.prepared = null;
    file.write(writeSegmentHeader({ version: FORMAT_VERSION, sequence, salt: this.salt }), 0);
    const segment = { sequence, file, end: SEGMENT_HEADER_BYTES };
    this.adopt(segment);
    return segment;
  }

  /** Removes the oldest segment. Its content must be needed by nobody, durably. */
  dropOldest(): void {
    const segment = this.get(this.oldest);
    this.retire(segment);
    this.bySequence.delete(segment.sequence);
    const next = this.bySequence.keys().next();
    invariant(next.done !== true, 'the segment being written is never dropped');
    this.oldest = next.value;
  }

  private retire({ sequence, file }: Segment): void {
    const path = this.pathOf(sequence);
    if (this.spares.length < SPARES_MAX && file.size() === this.fileBytes) {
      this.sparesMade += 1;
      const spare = `${this.directory}/spare-${this.sparesMade}.tmp`;
      this.fileSystem.rename(path, spare);
      this.spares.push({ path: spare, file });
      return;
    }
    this.fileSystem.remove(path);
    file.close();
  }

  /** Makes removals durable. */
  async syncDirectory(): Promise<void> {
    await this.fileSystem.syncDirectory(this.directory);
  }

  async close(): Promise<void> {
    const prepared = await this.prepared?.done.catch(() => null);
    prepared?.close();
    for (const spare of this.spares) spare.file.close();
    for (const segment of this.bySequence.values()) segment.file.close();
    this.bySequence.clear();
  }
}
