import type { RecordChange } from '@metad/eventsourcing';
import type { ChangeText } from '../change-text.js';

export interface KeptTextsLimits {
  readonly textsMax: number;
  /** Of the messages made from the texts. What each change holds is about half as much again. */
  readonly bytesMax: number;
}

/** A change can have three records of 64 KiB in it, and be there as made and as sent. */
const defaultLimits: KeptTextsLimits = { textsMax: 4_096, bytesMax: 16 * 1024 * 1024 };

interface Kept {
  readonly text: ChangeText;
  bytes: number;
}

/**
 * Texts that catch-ups have asked for, so that many watchers that have fallen behind do not have
 * each made again. Beyond a limit the oldest go, and are made again if need be.
 */
export class KeptTexts {
  private readonly kept = new Map<RecordChange, Kept>();
  private bytes = 0;

  constructor(private readonly limits: KeptTextsLimits = defaultLimits) {}

  of(change: RecordChange): ChangeText | undefined {
    return this.kept.get(change)?.text;
  }

  add(text: ChangeText): void {
    const bytes = text.bytesHeld;
    this.kept.set(text.change, { text, bytes });
    this.bytes += bytes;
    this.shrink();
  }

  /** A message was made from a text, which may be kept. */
  madeFrom(text: ChangeText): void {
    const kept = this.kept.get(text.change);
    if (kept?.text !== text) return;
    const bytes = text.bytesHeld;
    this.bytes += bytes - kept.bytes;
    kept.bytes = bytes;
    this.shrink();
  }

  clear(): void {
    this.kept.clear();
    this.bytes = 0;
  }

  private shrink(): void {
    const { textsMax, bytesMax } = this.limits;
    for (const [change, { bytes }] of this.kept) {
      if (this.kept.size <= textsMax && this.bytes <= bytesMax) return;
      this.kept.delete(change);
      this.bytes -= bytes;
    }
  }
}
