import { describe, expect, it } from '@jest/globals';
import { EventParser } from './data/event-parser.js';
import { bytes, duration, ms, rate } from './dom/format.js';
import { differences, leavesOf } from './records/diff.js';

describe('the stream', () => {
  it('is understood in whatever pieces it comes', () => {
    const whole = 'event: snapshot\ndata: {"a":1}\n\nevent: delta\ndata: {"b":\ndata: 2}\n\n';
    for (let size = 1; size <= whole.length; size += 7) {
      const parser = new EventParser();
      const events = [];
      for (let at = 0; at < whole.length; at += size) {
        events.push(...parser.feed(whole.slice(at, at + size)));
      }
      expect(events).toEqual([
        { event: 'snapshot', data: '{"a":1}' },
        { event: 'delta', data: '{"b":\n2}' },
      ]);
    }
  });
});

describe('two versions of a record', () => {
  it('differ by leaf, whatever the nesting', () => {
    const before = { version: 1, node: 'a', labels: { zone: 'eu', tier: 'hot' }, tags: ['x'] };
    const after = { version: 2, node: 'b', labels: { zone: 'us' }, tags: ['x'], owner: 'w' };
    expect(differences(before, after)).toEqual([
      { field: 'labels.tier', before: 'hot', after: undefined },
      { field: 'labels.zone', before: 'eu', after: 'us' },
      { field: 'node', before: 'a', after: 'b' },
      { field: 'owner', before: undefined, after: 'w' },
    ]);
  });

  it('do not differ by what is empty on one side and filled on the other, twice', () => {
    const found = differences({ labels: {} }, { labels: { zone: 'eu' } });
    expect(found).toEqual([{ field: 'labels.zone', before: undefined, after: 'eu' }]);
  });

  it('are read up to a limit', () => {
    const wide = Object.fromEntries(Array.from({ length: 2_000 }, (_, at) => [`f${at}`, at]));
    expect(leavesOf(wide).size).toBe(500);
  });
});

describe('numbers', () => {
  it('are written as people read them', () => {
    expect([ms(0), ms(0.4), ms(2.34), ms(740), ms(12_000)]).toEqual([
      '0 ms',
      '0.40 ms',
      '2.3 ms',
      '740 ms',
      '12 s',
    ]);
    expect([bytes(12), bytes(2_048), bytes(80e9)]).toEqual(['12 B', '2.0 KiB', '75 GiB']);
    expect([rate(null), rate(0), rate(2.25), rate(12_345)]).toEqual(['–', '0', '2.3', '12,345']);
    expect([duration(61_000), duration(3_600_000), duration(9e7)]).toEqual([
      '1 min 1 s',
      '1 h',
      '1 d 1 h',
    ]);
  });
});
