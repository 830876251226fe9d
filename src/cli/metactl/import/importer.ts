import { MetadError } from '@metad/contract';
import type { CommandReply, CommandRequest } from '@metad/contract';
import { UsageError } from '../exit-code.js';
import { commandIdOf } from '../sending/command-id.js';
import { continueDigest, firstDigest, noCounts } from './import-state.js';
import type { ImportCounts, ImportState } from './import-state.js';
import type { ImportCommand, ImportLine } from './import-line.js';
import { LineOrder, recordPath } from './line-order.js';

/** Sends one command until its fate is known; `CommandSender` is the real one. */
export interface SendPort {
  send(namespace: string, command: string, request: CommandRequest): Promise<CommandReply>;
}

export interface ImportOptions {
  /** Commands under way at once. */
  readonly concurrency: number;
  /** Part of every command id: another label is another import of the same lines. */
  readonly label: string;
  /** Stop at the first line that is refused. */
  readonly failFast: boolean;
}

export interface ImportEvents {
  /** A line was refused, for good; the import goes on unless `failFast`. */
  onRejected(line: ImportLine, error: { code: string; message: string }): void;
  onProgress(settled: number, counts: ImportCounts): void;
  /** Called now and then, awaited: the place to save the state. */
  onState(state: ImportState): Promise<void>;
}

interface Pending {
  readonly digest: string;
  isSettled: boolean;
}

const saveIntervalMs = 1_000;

/**
 * Takes lines in order and keeps up to `concurrency` of them under way. Lines about one record keep
 * their order; others overtake each other. The id of a command follows from its line, so that
 * sending a line twice (after a crash, or by running the import again) takes effect once.
 */
export class Importer {
  private readonly order = new LineOrder();
  private readonly counts: ImportCounts;
  /** Lines after the settled head, by number. */
  private readonly pending = new Map<number, Pending>();
  private readonly underWay = new Set<Promise<void>>();
  private head: number;
  private headDigest: string;
  private settled: number;
  private failure: Error | null = null;
  private savedAt = performance.now();
  private isStopped = false;

  constructor(
    private readonly sender: SendPort,
    private readonly options: ImportOptions,
    private readonly events: ImportEvents,
    private readonly resumeFrom: ImportState | null,
  ) {
    this.head = resumeFrom?.lines ?? 0;
    this.headDigest = resumeFrom?.digest ?? firstDigest;
    this.settled = this.head;
    this.counts = { ...(resumeFrom?.counts ?? noCounts()) };
  }

  /** No new line is begun; `run` resolves when those under way are settled. */
  stop(): void {
    this.isStopped = true;
  }

  /**
   * Resolves with the final state; throws what made it stop. In both cases `onState` has been told
   * how far it came.
   */
  async run(lines: AsyncIterable<ImportLine>): Promise<ImportState> {
    let digest = firstDigest;
    let last = 0;
    try {
      for await (const line of lines) {
        digest = continueDigest(digest, line.text);
        last = line.number;
        if (line.number <= this.head) this.mustBeKnown(line, digest);
        else await this.take(line, digest);
        if (this.failure !== null || this.isStopped) break;
      }
    } finally {
      await Promise.all(this.underWay);
      await this.events.onState(this.state());
    }
    if (this.failure !== null) throw this.failure;
    if (last < (this.resumeFrom?.lines ?? 0) && !this.isStopped) throw changed(last);
    return this.state();
  }

  private async take(line: ImportLine, digest: string): Promise<void> {
    this.pending.set(line.number, { digest, isSettled: false });
    const { command } = line;
    if (command === null) {
      this.reject(line, { code: 'INVALID_LINE', message: line.fault ?? '' });
      return;
    }
    const path = recordPath(command);
    while (this.underWay.size >= this.options.concurrency || !this.order.admits(path)) {
      await Promise.race(this.underWay);
      if (this.failure !== null || this.isStopped) return;
    }
    this.order.begin(path);
    const sending: Promise<void> = this.send(line, command).then(() => {
      this.order.end(path);
      this.underWay.delete(sending);
    });
    this.underWay.add(sending);
    if (performance.now() - this.savedAt > saveIntervalMs) await this.save();
  }

  /** Never rejects: what goes wrong is counted, or stops the import. */
  private async send(line: ImportLine, command: ImportCommand): Promise<void> {
    const { data, expect, meta } = command;
    const request: CommandRequest = {
      commandId: commandIdOf(`${this.options.label}\n${line.number}\n${line.text}`),
      data,
      ...(expect !== undefined && { expect }),
      ...(meta !== undefined && { meta }),
    };
    try {
      const reply = await this.sender.send(command.namespace, command.command, request);
      this.settle(line, reply.outcome);
    } catch (error) {
      if (error instanceof MetadError && isFinal(error)) this.reject(line, error);
      else this.failure ??= error instanceof Error ? error : new Error(String(error));
    }
  }

  private reject(line: ImportLine, error: { code: string; message: string }): void {
    this.events.onRejected(line, error);
    this.settle(line, 'rejected');
    if (this.options.failFast) {
      const text = `line ${line.number}: ${error.code}: ${error.message}`;
      this.failure ??= error instanceof MetadError ? error : new UsageError(text);
    }
  }

  private settle(line: ImportLine, outcome: keyof ImportCounts): void {
    this.counts[outcome] += 1;
    this.settled += 1;
    const own = this.pending.get(line.number);
    if (own !== undefined) own.isSettled = true;
    for (;;) {
      const next = this.pending.get(this.head + 1);
      if (next?.isSettled !== true) break;
      this.head += 1;
      this.headDigest = next.digest;
      this.pending.delete(this.head);
    }
    this.events.onProgress(this.settled, this.counts);
  }

  private mustBeKnown(line: ImportLine, digest: string): void {
    if (line.number === this.resumeFrom?.lines && digest !== this.resumeFrom.digest) {
      throw changed(line.number);
    }
  }

  private async save(): Promise<void> {
    this.savedAt = performance.now();
    await this.events.onState(this.state());
  }

  private state(): ImportState {
    return { version: 1, lines: this.head, digest: this.headDigest, counts: { ...this.counts } };
  }
}

/** A refusal that sending the line again would not change. */
function isFinal(error: MetadError): boolean {
  if (error.code === 'UNAUTHENTICATED' || error.code === 'FORBIDDEN') return false;
  return error.status < 500 || error.code === 'DEADLINE_EXCEEDED';
}

function changed(line: number): UsageError {
  return new UsageError(
    `the source has changed among its first ${line} lines since the import was interrupted; ` +
      'to send everything again, run it with --restart (what was applied is recognized)',
  );
}
