import { logIndex, logTime, partitionId, term } from '@metad/foundation';
import type { LogIndex, Term } from '@metad/foundation';
import type { CommandRequest } from '@metad/contract';
import type { AppliedEntry } from '@metad/eventsourcing';
import type { Entry } from '@metad/raft';
import type { KindRegistry } from '../../kinds/index.js';
import { encodeCommand, encodeExpiry, encodeRenewals, encodeSettings } from '../command-codec.js';
import type { MachineSettings } from '../machine-settings.js';
import type { ApplyResult } from '../outcome.js';
import { PartitionMachine } from '../partition-machine.js';

/** A command as a test states it: the rest of the envelope is filled in. */
export interface Sent extends Partial<Omit<CommandRequest, 'data'>> {
  readonly namespace?: string;
  readonly level?: number;
}

/**
 * One machine under a log that the test writes: commits entries as a leader would, and keeps them,
 * so that any other machine can be fed the same log.
 */
export class MachineLog {
  readonly entries: Entry[] = [];
  readonly applied: AppliedEntry[] = [];
  readonly machine: PartitionMachine;
  /** The leader's clock, in milliseconds. */
  now = 1_000_000;
  term: Term = term(1);
  private nextId = 1;

  constructor(private readonly registry: KindRegistry) {
    this.machine = this.newMachine((entry) => this.applied.push(entry));
  }

  send(command: string, data: CommandRequest['data'], sent: Sent = {}): ApplyResult {
    const { namespace = 'prod', level = 1, ...envelope } = sent;
    const request: CommandRequest = { commandId: this.freshId(), data, ...envelope };
    const body = Buffer.from(JSON.stringify(request));
    const time = logTime(this.now);
    const bytes = encodeCommand({ namespace, command, time, level, body });
    return this.commit(bytes) as ApplyResult;
  }

  /** Proposes the end of every lease that is over, as the leader does on its beat. */
  expire(): number {
    const due = this.machine.takeDueExpiries(this.term, logTime(this.now), 1_000, 1);
    const records = due.map(({ kind, namespace, key, version }) => {
      return { kind, namespace, key, version };
    });
    const stamp = { time: logTime(this.now), level: 1 };
    this.commit(encodeExpiry(stamp, { term: this.term, records }));
    return records.length;
  }

  renew(command: string, requests: readonly CommandRequest[], namespace = 'prod'): ApplyResult[] {
    const bodies = requests.map((request) => ({ namespace, body: JSON.stringify(request) }));
    const stamp = { time: logTime(this.now), level: 1 };
    return this.commit(encodeRenewals(stamp, { command, requests: bodies })) as ApplyResult[];
  }

  settings(changed: Partial<MachineSettings>): void {
    const settings = { ...this.machine.settings, ...changed };
    this.commit(encodeSettings({ time: logTime(this.now), level: 1 }, settings));
  }

  /** Another node leads: its term begins with a no-op. */
  elect(): void {
    this.term = term(this.term + 1);
    this.append({ kind: 'noop', data: new Uint8Array() });
  }

  commit(data: Uint8Array): unknown {
    return this.append({ kind: 'command', data });
  }

  freshId(): string {
    const id = (this.nextId++).toString(16).padStart(12, '0');
    return `00000000-0000-7000-8000-${id}`;
  }

  /** A machine that has applied this log up to `until`. */
  replay(until: LogIndex = logIndex(this.entries.length)): PartitionMachine {
    const machine = this.newMachine(() => undefined);
    for (const entry of this.entries.slice(0, until)) machine.apply(entry, undefined);
    return machine;
  }

  /** A machine restored from an image of `source`. */
  async restored(source: PartitionMachine = this.machine): Promise<PartitionMachine> {
    const machine = this.newMachine(() => undefined);
    const image = source.capture();
    const meta = { index: image.index, term: source.appliedTerm(), conf: NO_MEMBERS };
    await machine.restore(meta, image.chunks());
    image.release();
    return machine;
  }

  newMachine(sink: (entry: AppliedEntry) => void): PartitionMachine {
    return new PartitionMachine({ partition: partitionId(1), registry: this.registry, sink });
  }

  private append(what: Pick<Entry, 'kind' | 'data'>): unknown {
    const index = logIndex(this.entries.length + 1);
    const entry: Entry = { index, term: this.term, change: null, ...what };
    this.entries.push(entry);
    const result = this.machine.apply(entry, undefined);
    this.now = Math.max(this.now, this.machine.logTime());
    return result;
  }
}

export const NO_MEMBERS = {
  voters: [],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
} as const;
