import { describe, expect, it } from '@jest/globals';
import { logIndex, nodeName, partitionId, term } from '@metad/foundation';
import fc from 'fast-check';
import { ByteReader, ByteWriter, DecodeError } from '../../codec/index.js';
import type { Message } from '../../core/index.js';
import {
  readBeat,
  readItems,
  writeAwakeItem,
  writeBeat,
  writeMessageItem,
  writeQuietItem,
} from './round-frame.js';

const ends = { from: nodeName('n1'), to: nodeName('n2') };
const index = fc.nat().map(logIndex);
const termOf = fc.nat().map(term);
const envelope = { from: fc.constant(ends.from), to: fc.constant(ends.to), term: termOf };
const data = fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes));
const names = fc.array(fc.constantFrom('a', 'b', 'c').map(nodeName), { maxLength: 3 });
const conf = fc.record({
  voters: names,
  votersOutgoing: names,
  learners: names,
  learnersNext: names,
  autoLeave: fc.boolean(),
});

const entries = fc
  .tuple(fc.nat(), fc.array(fc.tuple(termOf, data), { maxLength: 20 }))
  .map(([first, items]) =>
    items.map(([at, bytes], offset) => ({
      index: logIndex(first + offset),
      term: at,
      kind: 'command' as const,
      data: bytes,
      change: null,
    })),
  );

const candidacy = { ...envelope, lastIndex: index, lastTerm: termOf, transfer: fc.boolean() };
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ kind: fc.constant('vote' as const), ...candidacy }),
  fc.record({ kind: fc.constant('preVote' as const), ...candidacy }),
  fc.record({ kind: fc.constant('voteResponse' as const), ...envelope, granted: fc.boolean() }),
  fc.record({ kind: fc.constant('preVoteResponse' as const), ...envelope, granted: fc.boolean() }),
  fc.record({
    ...{ kind: fc.constant('append' as const), ...envelope, entries },
    ...{ prevIndex: index, prevTerm: termOf, commit: index },
  }),
  fc.record({
    ...{ kind: fc.constant('appendResponse' as const), ...envelope, index },
    ...{ rejected: fc.constant(true), hintIndex: index, hintTerm: termOf },
  }),
  fc.record({
    ...{ kind: fc.constant('appendResponse' as const), ...envelope, index },
    ...{ rejected: fc.constant(false) },
    ...{ hintIndex: fc.constant(logIndex(0)), hintTerm: fc.constant(term(0)) },
  }),
  fc.record({
    ...{ kind: fc.constant('heartbeat' as const), ...envelope },
    ...{ commit: index, readRound: fc.nat() },
  }),
  fc.record({ kind: fc.constant('commit' as const), ...envelope, commit: index }),
  fc.record({ kind: fc.constant('heartbeatResponse' as const), ...envelope, readRound: fc.nat() }),
  fc.record({
    ...{ kind: fc.constant('installSnapshot' as const), ...envelope },
    ...{ snapshot: fc.record({ index, term: termOf, conf }) },
  }),
  fc.record({ kind: fc.constant('readIndex' as const), ...envelope, context: fc.nat() }),
  fc.record({
    kind: fc.constant('readIndexResponse' as const),
    ...envelope,
    context: fc.nat(),
    index,
  }),
  fc.record({ kind: fc.constant('timeoutNow' as const), ...envelope }),
);

const item = fc.oneof(
  fc.record({ tag: fc.constant('message' as const), partition: fc.nat(1e6), message }),
  fc.record({
    tag: fc.constant('quiet' as const),
    partition: fc.nat(1e6),
    term: termOf,
    commit: index,
  }),
  fc.record({ tag: fc.constant('awake' as const), partition: fc.nat(1e6) }),
);
type Item = typeof item extends fc.Arbitrary<infer T> ? T : never;

const beat = {
  boot: 0xdeadbeef,
  draining: true,
  readsCommits: false,
  leaders: 3,
  load: 1200,
};

function write(items: readonly Item[]): Uint8Array {
  const writer = new ByteWriter();
  writeBeat(writer, beat);
  for (const one of items) {
    const partition = partitionId(one.partition);
    if (one.tag === 'message') writeMessageItem(writer, partition, one.message);
    else if (one.tag === 'quiet') writeQuietItem(writer, { ...one, partition });
    else writeAwakeItem(writer, partition);
  }
  return writer.copy();
}

function read(frame: Uint8Array): Item[] {
  const reader = new ByteReader(frame);
  expect(readBeat(reader)).toEqual(beat);
  const found: Item[] = [];
  readItems(reader, ends, {
    onMessage: (partition, received) =>
      found.push({ tag: 'message', partition, message: received }),
    onQuiet: (_from, notice) => found.push({ tag: 'quiet', ...notice }),
    onAwake: (partition) => found.push({ tag: 'awake', partition }),
  });
  return found;
}

describe('a round frame', () => {
  it('brings back every kind of message and notice', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 30 }), (items) => {
        expect(read(write(items))).toEqual(items);
      }),
    );
  });

  it('never fails but by DecodeError, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.array(item, { minLength: 1 }), fc.nat(), fc.nat(255), (items, at, value) => {
        const frame = write(items);
        frame[12 + (at % (frame.length - 12))] = value;
        try {
          read(frame.subarray(0, frame.length - (at % 3)));
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
    );
  });

  it('takes a dozen bytes for a heartbeat', () => {
    const one = { kind: 'heartbeat', ...ends, term: term(7), commit: logIndex(5_000) } as const;
    const items: Item[] = [{ tag: 'message', partition: 300, message: { ...one, readRound: 0 } }];
    expect(write(items).length - write([]).length).toBeLessThan(12);
  });

  it('tells whether its sender drains, or else whether it reads commit notices', () => {
    const said = (draining: boolean, readsCommits: boolean) => {
      const writer = new ByteWriter();
      writeBeat(writer, { ...beat, draining, readsCommits });
      const heard = readBeat(new ByteReader(writer.copy()));
      return [heard.draining, heard.readsCommits];
    };
    expect(said(false, true)).toEqual([false, true]);
    expect(said(false, false)).toEqual([false, false]);
    expect(said(true, true)).toEqual([true, false]); // Draining is all that older nodes understand.
  });

  it('keeps the format of commit notices: these bytes must be readable for ever', () => {
    const reader = new ByteReader(Buffer.from('010102efbeadde03b009' + '01020d070a', 'hex'));
    expect(readBeat(reader)).toEqual({ ...beat, draining: false, readsCommits: true });
    const found: unknown[] = [];
    readItems(reader, ends, {
      onMessage: (partition, received) => found.push(partition, received),
      onQuiet: () => undefined,
      onAwake: () => undefined,
    });
    expect(found).toEqual([2, { kind: 'commit', ...ends, term: 7, commit: 10 }]);
  });

  it('keeps its format: these bytes must be readable for ever', () => {
    const frame = Buffer.from('010101efbeadde03b009' + '0102080700' + '0203070a' + '0304', 'hex');
    expect(read(frame)).toEqual([
      {
        tag: 'message',
        partition: 2,
        message: { kind: 'heartbeatResponse', ...ends, term: 7, readRound: 0 },
      },
      { tag: 'quiet', partition: 3, term: 7, commit: 10 },
      { tag: 'awake', partition: 4 },
    ]);
  });
});
