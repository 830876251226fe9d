import { ERROR_CODES, MetadError } from '@metad/contract';
import { WatchCursor } from './watch-cursor.js';
import type {
  ChangeMessage,
  WatchFilter,
  WatchInbox,
  WatchMessage,
  WatchOptions,
  WatchPorts,
  WatchStanding,
} from './watch-types.js';

/** A server that overruns its own window by so much is not to be trusted with our memory. */
const bufferMax = 8_192;
/** Progress comes every 5 s at least: after so long the node is gone. */
const silenceMs = 15_000;
const checkMs = 1_000;

type Wire = { readonly event: string } & Readonly<Record<string, unknown>>;
interface Buffered {
  readonly message: WatchMessage;
  /** Answered once the consumer has taken the message: that is the flow control. */
  readonly reply: string;
  /** Progress that the consumer did not ask for: it only carries an answer in its turn. */
  readonly hidden: boolean;
}

/** Errors after which a position is worthless and only a snapshot helps. */
const POSITION_LOST: ReadonlySet<string> = new Set(['POSITION_COMPACTED', 'INCARNATION_CHANGED']);

/**
 * One watch as an endless sequence: `for await (const message of watch)`. Lost connections, nodes
 * that stop, resets and lost messages are hidden: the watch is opened again, on another node if
 * need be, from what was received last. Only when that can no longer be continued does the
 * consumer see a `restart`, followed by a snapshot.
 *
 *     opening ──reply──▶ receiving ──gap, reset, silence, new link──▶ opening
 *
 * Leaving the loop, `close()`, the signal, or closing the client ends it.
 */
export class Watch implements AsyncIterable<WatchMessage> {
  private readonly cursor = new WatchCursor();
  private buffer: Buffered[] = [];
  private taken: Buffered | null = null;
  private wake: (() => void) | null = null;
  private failure: Error | null = null;
  private ended = false;
  private session: { readonly id: string; readonly inbox: WatchInbox } | null = null;
  private opening = false;
  private inSnapshot = false;
  private received = 0;
  private heardAt: number | null = null;
  private from: string;
  private cancelCheck: (() => void) | null = null;
  private readonly leave: (() => void)[] = [];
  /** How often the watch was opened again. */
  reopened = 0;

  constructor(
    private readonly ports: WatchPorts,
    private readonly filter: WatchFilter,
    private readonly options: WatchOptions = {},
  ) {
    this.from = options.from ?? 'now';
    const { signal } = options;
    const onAbort = (): void => this.close();
    signal?.addEventListener('abort', onAbort, { once: true });
    this.leave.push(
      () => signal?.removeEventListener('abort', onAbort),
      ports.onRestored(() => this.reopen()),
      ports.onClose(() => this.close()),
    );
    if (signal?.aborted === true) this.close();
    else this.start();
  }

  standing(): WatchStanding {
    const heardMs = this.heardAt === null ? null : this.ports.clock.monotonic() - this.heardAt;
    const live = this.session !== null && !this.opening;
    return { live, heardMs, position: this.cursor.position() };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<WatchMessage, void, void> {
    try {
      for (;;) {
        const message = await this.next();
        if (message === null) return;
        yield message;
      }
    } finally {
      this.close();
    }
  }

  close(): void {
    if (this.ended) return;
    this.ended = true;
    this.cancelCheck?.();
    for (const leave of this.leave) leave();
    this.endSession();
    this.resume();
  }

  /** The next message; null at the end. Taking a message answers for the one before. */
  private async next(): Promise<WatchMessage | null> {
    this.answerTaken();
    for (;;) {
      const next = this.buffer.shift();
      if (next !== undefined) {
        this.taken = next;
        if (!next.hidden) return next.message;
        this.answerTaken();
        continue;
      }
      if (this.failure !== null) throw this.failure;
      if (this.ended) return null;
      if (this.session === null && !this.opening) this.start(); // A reset waited for room.
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  private answerTaken(): void {
    const reply = this.taken?.reply ?? '';
    this.taken = null;
    if (reply !== '' && !this.ended) this.ports.answer(reply);
  }

  private start(): void {
    this.opening = true;
    this.scheduleCheck();
    void this.openUntilDone().catch((error: unknown) => this.fail(error));
  }

  /** Drops the present session and begins another from what has been received. */
  private reopen(): void {
    if (this.ended || this.opening) return;
    this.endSession();
    this.reopened += 1;
    this.start();
  }

  private async openUntilDone(): Promise<void> {
    for (let attempt = 1; !this.ended; attempt += 1) {
      try {
        await this.openOnce();
        return;
      } catch (error) {
        if (!(error instanceof MetadError)) throw error;
        this.endSession();
        if (POSITION_LOST.has(error.code) && this.from !== 'snapshot') this.restart(error.code);
        else if (!mayRetry(error)) throw error;
        await this.ports.backoff(attempt);
      }
    }
  }

  private async openOnce(): Promise<void> {
    if (this.inSnapshot) this.restart('SNAPSHOT_INTERRUPTED');
    else if (!this.cursor.isEmpty) this.from = this.cursor.position();
    this.cursor.reopened();
    this.received = 0;
    const id = this.ports.newId();
    const early: [Uint8Array, string][] = [];
    let onMessage = (data: Uint8Array, reply: string): void => void early.push([data, reply]);
    const inbox = this.ports.subscribe((data, reply) => onMessage(data, reply));
    this.session = { id, inbox };
    const { from, filter } = this;
    const reply = await this.ports.open({ watchId: id, filter, from, inbox: inbox.subject });
    if (this.session?.id !== id) return; // Closed meanwhile.
    this.opening = false;
    this.heardAt = this.ports.clock.monotonic();
    this.inSnapshot = from === 'snapshot';
    if (typeof reply['position'] === 'string') this.cursor.reach(reply['position']);
    onMessage = (data, to) => {
      if (this.session?.id === id) this.onMessage(data, to);
    };
    for (const [data, to] of early) onMessage(data, to);
  }

  private onMessage(data: Uint8Array, reply: string): void {
    this.heardAt = this.ports.clock.monotonic();
    const wire = parseWire(data);
    this.received += 1;
    switch (wire.event) {
      case 'change':
        this.onChange(wire as unknown as ChangeMessage, reply);
        break;
      case 'snapshot':
        this.push(wire as unknown as WatchMessage, reply);
        break;
      case 'snapshot-end':
        this.inSnapshot = false;
        this.cursor.reach(String(wire['position']));
        this.push(wire as unknown as WatchMessage, reply);
        break;
      case 'progress':
        this.onProgress(wire, reply);
        break;
      case 'reset':
        this.onReset(String(wire['reason']));
        break;
      default:
        if (reply !== '') this.ports.answer(reply); // Of a later version of the contract.
    }
  }

  private onChange(change: ChangeMessage, reply: string): void {
    const verdict = this.cursor.accept(change.position, change.previous, change.more === true);
    if (verdict === 'gap') this.reopen();
    else if (verdict === 'new') this.push(change, reply);
    else if (reply !== '') this.ports.answer(reply);
  }

  private onProgress(wire: Wire, reply: string): void {
    const { messages, position } = wire;
    if (typeof messages === 'number' && messages !== this.received - 1) {
      this.reopen(); // Something was lost on the way, and nothing came after it to show that.
      return;
    }
    this.cursor.reach(String(position));
    const message: WatchMessage = { event: 'progress', position: String(position) };
    const hidden = this.options.progress !== true;
    if (hidden && this.buffer.length === 0 && this.taken === null) {
      if (reply !== '') this.ports.answer(reply);
    } else this.push(message, reply, hidden);
  }

  private onReset(reason: string): void {
    this.endSession();
    this.reopened += 1;
    if (POSITION_LOST.has(reason)) this.restart(reason);
    // A consumer that is slow gets what is buffered first; its next call opens the watch again.
    if (this.buffer.length === 0) this.start();
    else this.opening = false;
  }

  private restart(reason: string): void {
    this.cursor.forget();
    this.from = 'snapshot';
    this.inSnapshot = false;
    this.push({ event: 'restart', reason }, '');
  }

  private push(message: WatchMessage, reply: string, hidden = false): void {
    if (this.buffer.length >= bufferMax) {
      this.fail(new Error(`the node sent ${bufferMax} messages beyond what was answered`));
      return;
    }
    this.buffer.push({ message, reply, hidden });
    this.resume();
  }

  private scheduleCheck(): void {
    this.cancelCheck?.();
    this.cancelCheck = this.ports.clock.after(checkMs, () => {
      const { heardMs } = this.standing();
      if (this.session !== null && heardMs !== null && heardMs > silenceMs) this.reopen();
      this.scheduleCheck();
    });
  }

  private endSession(): void {
    const { session } = this;
    this.session = null;
    this.opening = false;
    if (session === null) return;
    session.inbox.unsubscribe();
    this.ports.close(session.id);
  }

  private fail(error: unknown): void {
    this.failure = error instanceof Error ? error : new Error(String(error));
    this.close();
  }

  private resume(): void {
    const { wake } = this;
    this.wake = null;
    wake?.();
  }
}

function parseWire(data: Uint8Array): Wire {
  try {
    return JSON.parse(Buffer.from(data).toString()) as Wire;
  } catch {
    return { event: 'unreadable' };
  }
}

const mayRetry = ({ code }: MetadError): boolean =>
  ERROR_CODES[code].retryable || code === 'DEADLINE_EXCEEDED';
