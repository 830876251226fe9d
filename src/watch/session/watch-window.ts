export interface WindowLimits {
  /** Messages sent and not yet known to be taken. */
  readonly messagesMax: number;
  readonly bytesMax: number;
}

export const defaultWindowLimits: WindowLimits = { messagesMax: 256, bytesMax: 256 * 1024 };

/** A mark asks for an answer every so much of the window, so that it never runs dry in passing. */
const marksPerWindow = 4;

/**
 * Flow control of one watcher: how much is under way, and since when an answer is outstanding. The
 * window may be overrun by the events of one entry, and by control messages.
 */
export class WatchWindow {
  private sentMessages = 0;
  private sentBytes = 0;
  private takenMessages = 0;
  private takenBytes = 0;
  private markedMessages = 0;
  private markedBytes = 0;
  /** What had been sent at each mark that waits for its answer, oldest first. */
  private marks: { readonly messages: number; readonly bytes: number; readonly at: number }[] = [];

  constructor(private readonly limits: WindowLimits = defaultWindowLimits) {}

  get isOpen(): boolean {
    return (
      this.sentMessages - this.takenMessages < this.limits.messagesMax &&
      this.sentBytes - this.takenBytes < this.limits.bytesMax
    );
  }

  /** Milliseconds for which the oldest mark has waited; 0 when none does. */
  silenceMs(now: number): number {
    const oldest = this.marks[0];
    return oldest === undefined ? 0 : now - oldest.at;
  }

  /** Counts a message; returns its mark when it must be answered, else null. */
  sent(bytes: number, now: number, mustMark: boolean): number | null {
    this.sentMessages += 1;
    this.sentBytes += bytes;
    const { messagesMax, bytesMax } = this.limits;
    const due =
      this.sentMessages - this.markedMessages >= messagesMax / marksPerWindow ||
      this.sentBytes - this.markedBytes >= bytesMax / marksPerWindow;
    if (!mustMark && !due) return null;
    this.markedMessages = this.sentMessages;
    this.markedBytes = this.sentBytes;
    this.marks.push({ messages: this.sentMessages, bytes: this.sentBytes, at: now });
    return this.sentMessages;
  }

  /** The message with this mark was answered. An unknown or old mark changes nothing. */
  answered(mark: number): void {
    const at = this.marks.findIndex(({ messages }) => messages === mark);
    const found = this.marks[at];
    if (found === undefined) return;
    this.takenMessages = found.messages;
    this.takenBytes = found.bytes;
    this.marks = this.marks.slice(at + 1);
  }
}
