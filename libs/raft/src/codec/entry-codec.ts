import { invariant, logIndex, term } from '@metad/foundation';
import type { ConfChange, Entry, EntryKind } from '../core/index.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { readConfChange, writeConfChange } from './conf-codec.js';

/**
 * A run of entries with consecutive indexes, by columns: count, first index, then kind, term and
 * data length of each, then all data in one piece. A conf entry's data is its encoded change.
 *
 * Memory. Frames hold many partitions and are large; an entry lives in its partition's tail for
 * long. So decoded data never points into the frame: the data column is copied once into slabs of
 * about `SLAB_BYTES`, each shared by neighbouring entries, short runs with the ones before. One
 * copy of the bytes and few allocations, and a lonely entry keeps no more than one slab alive.
 */
const KINDS: readonly EntryKind[] = ['noop', 'command', 'conf'];
const KIND_CODES: Readonly<Record<EntryKind, number>> = { noop: 0, command: 1, conf: 2 };
const SLAB_BYTES = 16 * 1024;
const EMPTY = new Uint8Array(0);
const changeWriter = new ByteWriter(256);
const changeReader = new ByteReader(EMPTY);

function encodedChange(entry: Entry): Uint8Array {
  invariant(entry.change !== null, 'a conf entry carries a change');
  changeWriter.reset();
  writeConfChange(changeWriter, entry.change);
  return changeWriter.copy();
}

/** Writes entries [from, to) of the list as one run. */
export function writeEntries(
  writer: ByteWriter,
  entries: readonly Entry[],
  from = 0,
  to = entries.length,
): void {
  writer.varint(to - from);
  if (to === from) return;
  const first = (entries[from] as Entry).index - from;
  writer.varint(first + from);
  for (let at = from; at < to; at += 1) {
    const entry = entries[at] as Entry;
    invariant(entry.index === first + at, 'entries of a run are consecutive');
    writer.u8(KIND_CODES[entry.kind]);
    writer.varint(entry.term);
    writer.varint(entry.kind === 'conf' ? encodedChange(entry).length : entry.data.length);
  }
  for (let at = from; at < to; at += 1) {
    const entry = entries[at] as Entry;
    writer.raw(entry.kind === 'conf' ? encodedChange(entry) : entry.data);
  }
}

/** Columns of the run being decoded; kept between calls so that decoding allocates little. */
const kinds: number[] = [];
const terms: number[] = [];
const lengths: number[] = [];

/** Reads a run. Throws `DecodeError`; the result shares nothing with the reader's bytes. */
export function readEntries(reader: ByteReader): Entry[] {
  const count = reader.varint();
  if (count === 0) return [];
  if (count > reader.remaining) reader.fail('more entries than bytes');
  const first = reader.varint();
  for (let at = 0; at < count; at += 1) {
    kinds[at] = reader.u8();
    terms[at] = reader.varint();
    lengths[at] = reader.varint();
  }
  if (count === 1) return [readAlone(reader, first)];
  const entries: Entry[] = [];
  let slabEnd = 0;
  for (let from = 0; from < count; from = slabEnd) {
    slabEnd = from + 1;
    let bytes = lengths[from] as number;
    while (slabEnd < count && bytes + (lengths[slabEnd] as number) <= SLAB_BYTES) {
      bytes += lengths[slabEnd++] as number;
    }
    readSlab(reader, entries, first, from, slabEnd, bytes);
  }
  return entries;
}

/** Entries [from, to) of the run, whose `bytes` of data become one slab. */
function readSlab(
  reader: ByteReader,
  entries: Entry[],
  first: number,
  from: number,
  to: number,
  bytes: number,
): void {
  const { slab: data, offset: start } = copied(reader, bytes);
  let offset = start;
  for (let at = from; at < to; at += 1) {
    const end = offset + (lengths[at] as number);
    entries.push(entryOf(reader, first, at, data, offset, end));
    offset = end;
  }
}

/** The only entry of a run, as most are when many partitions are active. */
function readAlone(reader: ByteReader, index: number): Entry {
  const length = lengths[0] as number;
  const { slab: data, offset } = copied(reader, length);
  return entryOf(reader, index, 0, data, offset, offset + length);
}

/** Entry `at` of the run, whose data lies in [offset, end). */
function entryOf(
  reader: ByteReader,
  first: number,
  at: number,
  bytes: Uint8Array,
  offset: number,
  end: number,
): Entry {
  const kind = KINDS[kinds[at] as number] ?? reader.fail('an unknown kind of entry');
  const index = logIndex(first + at);
  const termOf = term(terms[at] as number);
  if (kind === 'conf') {
    const change = decodedChange(bytes, offset, end);
    return { index, term: termOf, kind, data: EMPTY, change };
  }
  const data = end === offset ? EMPTY : bytes.subarray(offset, end);
  return { index, term: termOf, kind, data, change: null };
}

/** The slab that short runs share, and how much of it is taken. */
let slab = EMPTY;
let slabUsed = 0;
/** Where a copy lies; reused, read at once. */
const place: { slab: Uint8Array; offset: number } = { slab: EMPTY, offset: 0 };

/** Copies the next `bytes` bytes; short runs go behind those before them. */
function copied(reader: ByteReader, bytes: number): Readonly<typeof place> {
  place.offset = 0;
  if (bytes === 0) {
    place.slab = EMPTY;
  } else if (bytes > SLAB_BYTES / 2) {
    place.slab = reader.rawCopy(bytes);
  } else {
    if (slabUsed + bytes > slab.length) {
      slab = new Uint8Array(SLAB_BYTES);
      slabUsed = 0;
    }
    slab.set(reader.rawView(bytes), slabUsed);
    place.slab = slab;
    place.offset = slabUsed;
    slabUsed += bytes;
  }
  return place;
}

function decodedChange(slab: Uint8Array, from: number, to: number): ConfChange {
  changeReader.reset(slab, from, to);
  const change = readConfChange(changeReader);
  changeReader.expectEnd();
  return change;
}
