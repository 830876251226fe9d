import type { LogTime } from '@metad/foundation';
import type { MachineSettings } from '../machine-settings.js';
import type { Outcome } from '../outcome.js';

/** A command that has been applied: what it said, in short, and what became of it. */
export interface RememberedCommand {
  readonly commandId: string;
  /** Hash of what a retry must repeat: namespace, command, data, `expect`. */
  readonly high: number;
  readonly low: number;
  /** Estimated size of what this keeps in memory. */
  readonly bytes: number;
  readonly outcome: Outcome;
}

/**
 * The outcomes of recent commands by their ids: what makes a retry safe. Part of the replicated
 * state: all replicas remember and forget the same commands at the same entry. A command is
 * forgotten when it is older than the window in log time; earlier only if the table is full, the
 * oldest first, and then `horizon` tells since when it is complete.
 */
export class RememberedCommands {
  private readonly byId = new Map<string, RememberedCommand>();
  /** Oldest first, from `head`. */
  private order: (RememberedCommand | undefined)[] = [];
  private head = 0;
  private bytes = 0;
  /** Every command applied after this log time is remembered. */
  horizon: LogTime = 0 as LogTime;

  get size(): number {
    return this.byId.size;
  }

  get bytesHeld(): number {
    return this.bytes;
  }

  find(commandId: string): RememberedCommand | null {
    return this.byId.get(commandId) ?? null;
  }

  add(command: RememberedCommand): void {
    this.byId.set(command.commandId, command);
    this.order.push(command);
    this.bytes += command.bytes;
  }

  /** Forgets what is too old or too much at log time `now`. Called once for every entry. */
  forget(now: LogTime, settings: MachineSettings): void {
    for (;;) {
      const oldest = this.order[this.head];
      if (oldest === undefined) return;
      const isOld = oldest.outcome.time + settings.deduplicationWindowMs <= now;
      const isMany = this.byId.size > settings.commandsRememberedMax;
      if (!isOld && !isMany && this.bytes <= settings.outcomeBytesMax) return;
      this.byId.delete(oldest.commandId);
      this.bytes -= oldest.bytes;
      this.horizon = oldest.outcome.time;
      this.order[this.head] = undefined;
      this.head += 1;
      if (this.head > COMPACT_MIN && this.head * 2 > this.order.length) this.compact();
    }
  }

  /** References to everything remembered, oldest first. */
  collect(): RememberedCommand[] {
    return this.order.slice(this.head) as RememberedCommand[];
  }

  private compact(): void {
    this.order = this.order.slice(this.head);
    this.head = 0;
  }
}

const COMPACT_MIN = 1_024;
