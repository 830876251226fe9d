import { ApiError, call } from './api.js';
import { EventParser, type StreamEvent } from './event-parser.js';

/** What the page knows about its own connection. */
export type LinkState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | {
      readonly kind: 'lost';
      readonly since: number;
      /** When it tries again; null while it does. */
      readonly retryAt: number | null;
      /** Only a token can help: it waits for one. */
      readonly needsToken: boolean;
      readonly reason: string;
    };

/** The stream speaks once a second: this long in silence is as good as broken. */
const silenceMsMax = 6_000;
const backOffMsMin = 500;
const backOffMsMax = 10_000;

/**
 * Keeps one stream open. Server-sent events are read from `fetch`, since an `EventSource` cannot
 * send the token. What breaks is opened again after a pause that doubles.
 */
export class Live {
  private failures = 0;
  private lostAt: number | null = null;
  private abort: AbortController | null = null;
  private wake: () => void = () => undefined;
  private silence: number | undefined;

  constructor(
    private readonly path: string,
    private readonly onEvent: (event: StreamEvent) => void,
    private readonly onState: (state: LinkState) => void,
  ) {}

  async run(): Promise<never> {
    this.onState({ kind: 'connecting' });
    for (;;) {
      const reason = await this.readOnce();
      this.lostAt ??= Date.now();
      const needsToken = reason instanceof ApiError && [401, 403].includes(reason.status);
      const delay = this.nextDelay();
      const retryAt = needsToken ? null : Date.now() + delay;
      const lost = { kind: 'lost', since: this.lostAt, reason: inWords(reason) } as const;
      this.onState({ ...lost, needsToken, retryAt });
      await this.pause(needsToken ? null : delay);
      this.onState({ ...lost, needsToken: false, retryAt: null });
    }
  }

  /** Tries again at once, with the token of now. */
  retry(): void {
    this.failures = 0;
    this.abort?.abort(new Error('reconnecting'));
    this.wake();
  }

  /** Resolves with why it ended. */
  private async readOnce(): Promise<unknown> {
    const abort = new AbortController();
    this.abort = abort;
    const parser = new EventParser();
    try {
      this.listenForSilence(abort);
      const response = await call(this.path, { signal: abort.signal });
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const part = await reader?.read();
        if (part === undefined || part.done) return new Error('the node ended the stream');
        this.listenForSilence(abort);
        for (const event of parser.feed(part.value)) this.take(event);
      }
    } catch (error) {
      return error;
    } finally {
      clearTimeout(this.silence);
    }
  }

  private take(event: StreamEvent): void {
    if (event.event === 'closing') return;
    this.failures = 0;
    this.lostAt = null;
    this.onEvent(event);
    this.onState({ kind: 'live' });
  }

  private listenForSilence(abort: AbortController): void {
    clearTimeout(this.silence);
    const end = (): void => abort.abort(new Error('the node has gone silent'));
    this.silence = window.setTimeout(end, silenceMsMax);
  }

  /** Half of it is left to chance, so that many pages do not come back together. */
  private nextDelay(): number {
    const whole = Math.min(backOffMsMax, backOffMsMin * 2 ** this.failures);
    this.failures += 1;
    return whole / 2 + (Math.random() * whole) / 2;
  }

  private pause(delayMs: number | null): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
      if (delayMs !== null) setTimeout(resolve, delayMs);
    });
  }
}

function inWords(reason: unknown): string {
  if (reason instanceof ApiError) return reason.message;
  if (reason instanceof TypeError) return 'the node does not answer';
  return reason instanceof Error ? reason.message : String(reason);
}
