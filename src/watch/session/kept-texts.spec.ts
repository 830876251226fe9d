import { describe, expect, it } from '@jest/globals';
import type { AppliedEntry, RecordChange } from '@metad/eventsourcing';
import { logIndex, partitionId } from '@metad/foundation';
import type { ChangeText } from '../change-text.js';
import { WatchedLog } from '../testing/watched-log.js';
import { WatchMessages } from '../watch-message.js';

const one = partitionId(1);
const limits = { textsMax: 8, bytesMax: 40_000 };

/** Messages over a log in which one record is changed again and again. */
async function messagesOver(changes: number, valueBytes: number) {
  const log = new WatchedLog(1);
  const note = 'x'.repeat(valueBytes);
  for (let at = 0; at < changes; at += 1) log.append(1, { key: 'a', value: { note } });
  const entries = await log.read(one, logIndex(0), changes);
  const messages = new WatchMessages(log, () => 'aa', limits);
  const keptText = (at: number): ChangeText => {
    const entry = entries[at] as AppliedEntry;
    return messages.keptText(entry, entry.changes[0] as RecordChange);
  };
  const make = (at: number): ChangeText => {
    const text = keptText(at);
    messages.change(text, one, at, false);
    return text;
  };
  const texts = entries.map((_, at) => make(at));
  return { texts, messages, make, isKept: (at: number) => texts[at] === keptText(at) };
}

describe('the texts that watchers who are behind share', () => {
  it('are kept up to their number, the newest', async () => {
    const { isKept } = await messagesOver(20, 1);
    expect(isKept(19)).toBe(true);
    expect(isKept(12)).toBe(true);
    expect(isKept(11)).toBe(false);
  });

  it('are kept up to their bytes, as made and as sent', async () => {
    const { texts, isKept } = await messagesOver(7, 3_000);
    const kept = texts.filter((_, at) => at >= 5);
    const bytes = kept.reduce(
      (sum, { bytes, sent }) => sum + bytes.length + (sent?.bytes.length ?? 0),
      0,
    );
    expect(bytes).toBeGreaterThan(30_000);
    expect(bytes).toBeLessThan(limits.bytesMax);
    expect(isKept(6)).toBe(true);
    expect(isKept(5)).toBe(true);
    expect(isKept(4)).toBe(false);
  });

  it('do not keep one that is too large by itself', async () => {
    const { isKept } = await messagesOver(2, 30_000);
    expect(isKept(1)).toBe(false);
  });

  it('are gone when nobody is behind any more, and count from nothing again', async () => {
    const { messages, isKept, make } = await messagesOver(7, 3_000);
    messages.forgetKept();
    expect(isKept(6)).toBe(false);
    const [first, second] = [make(0), make(1)];
    expect(make(0)).toBe(first);
    expect(make(1)).toBe(second);
  });
});
