import type { LogTime } from '@metad/foundation';
import type { MachineSettings } from '../machine-settings.js';
import type { Outcome } from '../outcome.js';

/** A command that has been applied: what it said, in short, and what became of it. */
export interface RememberedCommand {
  readonly commandId: string;
  /** Hash of what a retry must repeat: namespace, command, data, `expect`. */
  readonly high: number;
  readonly low: number;
  /** Estimated size of what this keeps in memory; 0 in brief. */
  readonly bytes: number;
  readonly outcome: Outcome;
}

/**
 * The outcomes of recent commands by their ids: what makes a retry safe. Part of the replicated
 * state: all replicas remember, shorten and forget the same commands at the same entry.
 *
 *     oldest … head ──── in brief ──── brief ──── in full ──── newest
 *
 * A command is forgotten when it is older than the window in log time; earlier only if there are
 * too many, the oldest first, and then `horizon` tells since when the table is complete.
 */
export class RememberedCommands {
  private readonly byId = new Map<string, RememberedCommand>();
  private order: (RememberedCommand | undefined)[] = [];
  private head = 0;
  /** From here on outcomes are kept in full. */
  private brief = 0;
  private bytes = 0;
  /** Every command applied after this log time is remembered. */
  horizon: LogTime = 0 as LogTime;

  get size(): number {
    return this.byId.size;
  }

  find(commandId: string): RememberedCommand | null {
    return this.byId.get(commandId) ?? null;
  }

  add(command: RememberedCommand): void {
    this.byId.set(command.commandId, command);
    this.order.push(command);
    this.bytes += command.bytes;
  }

  /** Forgets and shortens what is too old or too much at log time `now`: once for every entry. */
  forget(now: LogTime, settings: MachineSettings): void {
    const { deduplicationWindowMs, commandsRememberedMax } = settings;
    for (;;) {
      const oldest = this.order[this.head];
      if (oldest === undefined) break;
      const isOld = oldest.outcome.time + deduplicationWindowMs <= now;
      if (!isOld && this.byId.size <= commandsRememberedMax) break;
      this.drop(oldest);
    }
    const { outcomesInFullMax, outcomeBytesMax } = settings;
    while (this.order.length - this.brief > outcomesInFullMax || this.bytes > outcomeBytesMax) {
      if (this.brief === this.order.length) break;
      this.shorten(this.order[this.brief] as RememberedCommand);
    }
  }

  /** References to everything remembered, oldest first. */
  collect(): RememberedCommand[] {
    return this.order.slice(this.head) as RememberedCommand[];
  }

  private drop(oldest: RememberedCommand): void {
    this.byId.delete(oldest.commandId);
    this.bytes -= oldest.bytes;
    this.horizon = oldest.outcome.time;
    this.order[this.head] = undefined;
    this.head += 1;
    this.brief = Math.max(this.brief, this.head);
    if (this.head > COMPACT_MIN && this.head * 2 > this.order.length) this.compact();
  }

  private shorten(command: RememberedCommand): void {
    const { commandId, high, low } = command;
    // A new object: an image may be holding the old one.
    const short = { commandId, high, low, bytes: 0, outcome: inBrief(command.outcome) };
    this.byId.set(commandId, short);
    this.order[this.brief] = short;
    this.bytes -= command.bytes;
    this.brief += 1;
  }

  private compact(): void {
    this.order = this.order.slice(this.head);
    this.brief -= this.head;
    this.head = 0;
  }
}

const COMPACT_MIN = 1_024;
const NO_EVENTS: readonly never[] = [];

function inBrief(outcome: Outcome): Outcome {
  const { index, time } = outcome;
  if (outcome.accepted) {
    const { changed, version, fence } = outcome;
    const events = NO_EVENTS;
    return { accepted: true, changed, version, fence, index, time, events, record: null };
  }
  const { code, rule, message } = outcome.rejection;
  return { accepted: false, index, time, rejection: { code, rule, message }, record: null };
}
