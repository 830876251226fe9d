import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { logIndex, nodeName, term } from '@metad/foundation';
import type { ConfState, Entry } from '../core/index.js';
import {
  ByteReader,
  ByteWriter,
  DecodeError,
  readEntries,
  readSnapshotMeta,
  writeEntries,
  writeSnapshotMeta,
} from './index.js';

const names = fc.array(fc.stringMatching(/^[a-z0-9é-]{1,12}$/).map(nodeName), { maxLength: 4 });
const conf: fc.Arbitrary<ConfState> = fc.record({
  voters: names,
  votersOutgoing: names,
  learners: names,
  learnersNext: names,
  autoLeave: fc.boolean(),
});
const number = fc.maxSafeNat();
const body = fc.oneof(
  fc.constant({ kind: 'noop' as const, data: new Uint8Array(0), change: null }),
  fc
    .uint8Array({ maxLength: 9000 })
    .map((data) => ({ kind: 'command' as const, data, change: null })),
  fc
    .record({
      steps: fc.array(
        fc.record({
          action: fc.constantFrom('addVoter' as const, 'addLearner' as const, 'remove' as const),
          node: fc.string({ maxLength: 9 }).map(nodeName),
        }),
        { maxLength: 3 },
      ),
      autoLeave: fc.boolean(),
    })
    .map((change) => ({ kind: 'conf' as const, data: new Uint8Array(0), change })),
);
const run: fc.Arbitrary<Entry[]> = fc
  .tuple(fc.nat(), fc.array(fc.tuple(fc.nat(), body), { maxLength: 12 }))
  .map(([first, bodies]) =>
    bodies.map(([t, rest], at) => ({ index: logIndex(first + at), term: term(t), ...rest })),
  );

function packed(pack: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter(1);
  pack(writer);
  return writer.copy();
}

describe('the byte codec', () => {
  it('reads back every integer it writes, in as few bytes as its size needs', () => {
    fc.assert(
      fc.property(number, (value) => {
        const bytes = packed((writer) => writer.varint(value));
        expect(new ByteReader(bytes).varint()).toBe(value);
        expect(bytes.length).toBe(Math.max(1, Math.ceil(value.toString(2).length / 7)));
      }),
    );
    for (const value of [0, 0xffff, 0x1_0000_0000, 0xffff_ffff_ffff]) {
      expect(new ByteReader(packed((writer) => writer.u48(value))).u48()).toBe(value);
    }
  });

  it('reads back every string, whatever its alphabet', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        expect(new ByteReader(packed((writer) => writer.string(text))).string()).toBe(text);
      }),
    );
  });

  it('refuses a varint that never ends, and one beyond the safe integers', () => {
    expect(() => new ByteReader(new Uint8Array(20).fill(0xff)).varint()).toThrow('not an integer');
    const beyond = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f);
    expect(() => new ByteReader(beyond).varint()).toThrow(DecodeError);
  });
});

describe('the entry codec', () => {
  it('reads back every run of entries', () => {
    fc.assert(
      fc.property(run, (entries) => {
        const reader = new ByteReader(packed((writer) => writeEntries(writer, entries)));
        expect(readEntries(reader)).toEqual(entries);
        reader.expectEnd();
      }),
    );
  });

  it('answers bytes that were cut or bent with an error of its own or with entries', () => {
    fc.assert(
      fc.property(run, fc.nat(), fc.nat(), (entries, cut, flip) => {
        const bytes = packed((writer) => writeEntries(writer, entries));
        const bent = bytes.slice(0, cut % (bytes.length + 1));
        if (bent.length > 0) (bent[flip % bent.length] as number) ^= 1 << (flip % 8);
        try {
          readEntries(new ByteReader(bent));
        } catch (fault) {
          expect(fault).toBeInstanceOf(DecodeError);
        }
      }),
    );
  });

  it('keeps no frame alive: neighbours share a slab that is small', () => {
    const data = new Uint8Array(1000).fill(7);
    const entries = Array.from({ length: 64 }, (_, at) => ({
      index: logIndex(at + 1),
      term: term(1),
      kind: 'command' as const,
      data,
      change: null,
    }));
    const frame = packed((writer) => writeEntries(writer, entries));
    const read = readEntries(new ByteReader(frame));
    const slabs = new Set(read.map((entry) => entry.data.buffer));
    expect(slabs.size).toBe(4);
    for (const slab of slabs) expect(slab.byteLength).toBeLessThanOrEqual(16 * 1024);
  });
});

describe('the membership codec', () => {
  it('reads back every snapshot header', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), conf, (index, t, state) => {
        const meta = { index: logIndex(index), term: term(t), conf: state };
        const reader = new ByteReader(packed((writer) => writeSnapshotMeta(writer, meta)));
        expect(readSnapshotMeta(reader)).toEqual(meta);
        reader.expectEnd();
      }),
    );
  });
});
