import { formatPosition, parsePosition } from '@metad/contract';
import type { Response } from 'express';
import type { Watcher, WatchSink } from '../watch/index.js';

type Message = { readonly event: string; readonly more?: boolean; readonly position?: string };

const retryMs = 1_000;

/**
 * A watch's messages as server-sent events. The id of an event joins the positions of all
 * partitions as of that event, since it is all that a browser brings back after a break. The
 * response's own buffer is the flow control: a mark is answered when it has drained.
 */
export class EventStream implements WatchSink {
  private watcher: Watcher | null = null;
  private readonly indexes = new Map<number, string>();
  /** A snapshot is under way: there is no position to come back to yet. */
  private hasPosition = false;
  private early: (readonly [Uint8Array, number | null])[] = [];

  constructor(private readonly response: Response) {}

  /** Opens the response; what the watch has sent already follows. */
  begin(watcher: Watcher, position: string | null): void {
    this.watcher = watcher;
    this.response.status(200);
    this.response.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
    this.response.setHeader('X-Accel-Buffering', 'no');
    this.response.flushHeaders();
    if (position !== null) this.reach(position);
    this.response.write(`retry: ${retryMs}\n${this.idLine()}\n`);
    const { early } = this;
    this.early = [];
    for (const [message, mark] of early) this.send(message, mark);
  }

  send(bytes: Uint8Array, mark: number | null): void {
    if (this.watcher === null) {
      this.early.push([bytes, mark]);
      return;
    }
    const text = Buffer.from(bytes).toString();
    const message = JSON.parse(text) as Message;
    const advances = message.event !== 'snapshot' && message.more !== true;
    if (message.position !== undefined && advances) this.reach(message.position);
    const id = advances ? this.idLine() : '';
    this.response.write(`${id}event: ${message.event}\ndata: ${text}\n\n`);
    if (mark !== null) this.answerWhenDrained(mark);
  }

  close(): void {
    this.response.end();
  }

  private answerWhenDrained(mark: number): void {
    const answered = (): void => this.watcher?.answered(mark);
    if (this.response.writableNeedDrain) this.response.once('drain', answered);
    else queueMicrotask(answered);
  }

  private reach(position: string): void {
    this.hasPosition = true;
    for (const { incarnation, partition, index } of parsePosition(position)) {
      this.indexes.set(partition, formatPosition(incarnation, partition, index));
    }
  }

  private idLine(): string {
    return this.hasPosition ? `id: ${[...this.indexes.values()].join(',')}\n` : '';
  }
}
