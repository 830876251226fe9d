import { describe, expect, it } from '@jest/globals';
import { logIndex, nodeName, partitionId, term } from '@metad/foundation';
import { ByteReader, ByteWriter } from '../../codec/index.js';
import type { Message } from '../../core/index.js';
import { readItems } from '../frame/round-frame.js';
import { FrameContents, Outbox } from './outbox.js';

const ends = { from: nodeName('n1'), to: nodeName('n2') };
const p1 = partitionId(1);
const heartbeat = (commit: number): Message => ({
  ...{ kind: 'heartbeat', ...ends, term: term(1) },
  ...{ commit: logIndex(commit), readRound: 0 },
});
const append = (index: number, bytes: number): Message => {
  const entry = { index: logIndex(index), term: term(1), kind: 'command' as const };
  return {
    ...{ kind: 'append', ...ends, term: term(1), commit: logIndex(0) },
    ...{ prevIndex: logIndex(index - 1), prevTerm: term(1) },
    entries: [{ ...entry, data: new Uint8Array(bytes), change: null }],
  };
};
const answer: Message = { kind: 'voteResponse', ...ends, term: term(1), granted: true };

function outbox(bytesMax = 10_000) {
  const dropped: number[] = [];
  const box = new Outbox(ends.to, bytesMax, (partition) => dropped.push(partition));
  const fill = (target = 1_000, max = 100_000) => {
    const writer = new ByteWriter();
    const contents = new FrameContents();
    box.fill(writer, target, max, contents);
    const messages: Message[] = [];
    readItems(new ByteReader(writer.copy()), ends, {
      onMessage: (_partition, message) => messages.push(message),
      onQuiet: () => {},
      onAwake: () => {},
    });
    return { messages, contents };
  };
  return { box, fill, dropped };
}

describe('an outbox', () => {
  it('keeps only the newest heartbeat of a partition', () => {
    const { box, fill } = outbox();
    box.post(p1, heartbeat(1));
    box.post(p1, heartbeat(2));
    expect(fill().messages).toEqual([heartbeat(2)]);
    expect(box.isEmpty).toBe(true);
  });

  it('closes a frame at its target and goes on in the next, in order', () => {
    const { box, fill } = outbox();
    for (const index of [1, 2, 3, 4, 5]) box.post(p1, append(index, 400));
    const frames = [fill().messages, fill().messages];
    expect(frames.map((messages) => messages.length)).toEqual([3, 2]);
    expect(frames.flat()).toEqual([1, 2, 3, 4, 5].map((index) => append(index, 400)));
  });

  it('gives a large message a frame of its own', () => {
    const { box, fill } = outbox(100_000);
    box.post(p1, append(1, 100));
    box.post(p1, append(2, 4_900));
    expect(fill(5_000, 5_000).messages).toEqual([append(1, 100)]);
    expect(fill(5_000, 5_000).messages).toEqual([append(2, 4_900)]);
  });

  it('drops what no frame can hold, and has its core probe again', () => {
    const { box, fill, dropped } = outbox();
    box.post(p1, append(1, 6_000));
    expect(fill(5_000, 5_000).messages).toEqual([]);
    expect(box.isEmpty).toBe(true);
    expect(dropped).toEqual([1]);
  });

  it('drops appends beyond its bytes instead of growing', () => {
    const { box, dropped } = outbox(1_000);
    for (let at = 0; at < 10; at += 1) box.post(p1, append(at + 1, 400));
    expect(box.gatheredBytes).toBeLessThanOrEqual(1_000);
    expect(dropped).toHaveLength(8);
    expect(box.dropped).toBe(8);
  });

  it('leaves out the heartbeats that follow an append, for four ticks at most', () => {
    const { box, fill } = outbox();
    const sent = () => {
      box.post(p1, heartbeat(1));
      return fill().messages.map(({ kind }) => kind);
    };
    box.post(p1, append(1, 10));
    expect(sent()).toEqual(['append']);
    for (let ticks = 0; ticks < 4; ticks += 1) {
      expect(sent()).toEqual([]);
      box.tick();
    }
    expect(sent()).toEqual(['heartbeat']);
  });

  it('never leaves out a heartbeat that asks for a new confirmation of reads', () => {
    const { box, fill } = outbox();
    const asking = (readRound: number): Message => ({ ...heartbeat(1), readRound }) as Message;
    const sent = (message: Message) => {
      box.post(p1, message);
      return fill().messages.length;
    };
    box.post(p1, append(1, 10));
    fill();
    expect([1, 1, 2, 2].map((round) => sent(asking(round)))).toEqual([1, 0, 1, 0]);
    expect(sent({ ...asking(2), term: term(2) })).toBe(1);
  });

  it('knows whether it holds answers only, which may ride on a reply', () => {
    const { box, fill } = outbox();
    box.post(p1, answer);
    expect(box.isAnswersOnly).toBe(true);
    box.post(p1, append(1, 10));
    expect(box.isAnswersOnly).toBe(false);
    expect(fill().contents.appends).toEqual([1]);
    expect(box.isAnswersOnly).toBe(true);
  });
});
