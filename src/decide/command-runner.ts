import { invariant } from '@metad/foundation';
import type { LogTime } from '@metad/foundation';
import { recordHash, rejection } from '@metad/eventsourcing';
import type {
  DecideContext,
  Decision,
  DomainEvent,
  RecordChange,
  Rejection,
  StoredRecord,
  Value,
} from '@metad/eventsourcing';
import { BATCH } from '../kinds/check-command.js';
import type { KindRegistry, RegisteredCommand } from '../kinds/index.js';
import { checkExpectation } from './checks/expectation.js';
import { nextRecord } from './next-record.js';
import type { RecordAddress } from './next-record.js';
import type { Accepted, Outcome, Refused } from './outcome.js';
import type { MachineSettings } from './machine-settings.js';
import type { RecordStore } from './state/records/record-store.js';

/** A command as it is run: its envelope's business is done. */
export interface RunnableCommand {
  readonly namespace: string;
  readonly command: string;
  readonly data: Value;
  readonly expect: Value | null;
}

/** What one entry did so far, and how to take it back. */
export class Execution {
  readonly changes: RecordChange[] = [];
  /** Pairs of a record before and after, renewals included, in order. */
  readonly steps: (StoredRecord | null)[] = [];
  /** Size of the records that the outcome keeps alive. */
  recordBytes = 0;

  constructor(readonly context: DecideContext) {}
}

/** Runs commands against the records: `expect`, decide, evolve, versions; all or nothing. */
export class CommandRunner {
  constructor(
    private readonly registry: KindRegistry,
    private readonly store: RecordStore,
    private readonly settings: () => MachineSettings,
  ) {}

  /** A refused command has changed nothing. */
  run(command: RunnableCommand, execution: Execution): Outcome {
    if (command.command === BATCH) return this.runBatch(command, execution);
    const registered = this.registry.command(command.command);
    if (registered === null) {
      const message = `this cluster's rules know no command ${command.command}`;
      return refused(rejection('UNKNOWN_COMMAND', 'known-command', message), null, execution);
    }
    return registered.definition.report === undefined
      ? this.runOne(registered, command, execution)
      : this.runMany(registered, command, execution);
  }

  /** The record that a command is about, as it stands; undefined where that is not one record. */
  recordOf(namespace: string, command: string, data: Value): StoredRecord | null | undefined {
    const registered = this.registry.command(command);
    if (registered === null || registered.definition.report !== undefined) return undefined;
    const key = registered.definition.recordKeys(data)[0] as string;
    return this.store.get(registered.kind.kind, namespace, key);
  }

  /** Takes back everything the execution did, as if it had never run. */
  undo(execution: Execution): void {
    this.undoTo(execution, 0, 0);
  }

  /** Ends the lease of a record; the caller has found that it is over. */
  expire(address: RecordAddress, record: StoredRecord, execution: Execution): void {
    const { decider } = address.kind;
    invariant(decider.expire !== undefined, 'a kind with leases says what happens at their end');
    const refusal = this.applyEvents(address, record, [decider.expire(record.value)], execution);
    invariant(refusal === null, 'the end of a lease is never refused');
  }

  private runOne(
    { kind, definition }: RegisteredCommand,
    command: RunnableCommand,
    execution: Execution,
  ): Outcome {
    const key = definition.recordKeys(command.data)[0] as string;
    const address = { kind, namespace: command.namespace, key };
    const before = this.store.get(kind.kind, command.namespace, key);
    const unmet = command.expect === null ? null : checkExpectation(command.expect, before);
    if (unmet !== null) return this.refusedAt(unmet, before, execution);
    const decision = this.decide(address, before, command, execution);
    if (!decision.accepted) return this.refusedAt(decision.rejection, before, execution);
    const refusal = this.follow(address, before, decision, execution);
    if (refusal !== null) return this.refusedAt(refusal, before, execution);
    const changed = decision.events.length > 0 || decision.renews;
    const after = changed ? this.store.get(kind.kind, command.namespace, key) : before;
    const removed = after === null && before !== null;
    return {
      accepted: true,
      changed,
      version: after?.version ?? (removed ? before.version + 1 : 0),
      fence: after?.fence ?? null,
      index: execution.context.index,
      time: execution.context.now,
      events: decision.events,
      record: after,
    };
  }

  /** A command about many records: each decided by itself, the absent ones reported. */
  private runMany(
    { kind, definition }: RegisteredCommand,
    command: RunnableCommand,
    execution: Execution,
  ): Outcome {
    if (command.expect !== null) {
      const message = `${command.command} is about many records; expect cannot be about one`;
      const fault = rejection('INVALID_ARGUMENT', 'expect-one-record', message);
      return refused(fault, null, execution);
    }
    const keys = definition.recordKeys(command.data);
    const unknown: string[] = [];
    for (const key of keys) {
      const address = { kind, namespace: command.namespace, key };
      const before = this.store.get(kind.kind, command.namespace, key);
      const decision = this.decide(address, before, command, execution);
      if (!decision.accepted) unknown.push(key);
      else this.follow(address, before, decision, execution);
    }
    const report = definition.report?.(command.data, unknown);
    return accepted(execution, unknown.length < keys.length, report === undefined ? [] : [report]);
  }

  private runBatch(command: RunnableCommand, execution: Execution): Outcome {
    const commands = command.data['commands'] as readonly Omit<RunnableCommand, 'namespace'>[];
    const events: DomainEvent[] = [];
    let last: Accepted | null = null;
    for (const [at, { command: name, data, expect }] of commands.entries()) {
      const { namespace } = command;
      invariant(name !== BATCH, 'a batch holds no batch: its form was checked at the door');
      const one = { namespace, command: name, data, expect: expect ?? null };
      const outcome = this.run(one, execution);
      if (!outcome.accepted) {
        this.undo(execution);
        const { rejection: cause } = outcome;
        const message = `commands.${at} (${name}): ${cause.message}`;
        const details = { ...cause.details, at, command: name };
        return { ...outcome, rejection: { ...cause, message, details } };
      }
      events.push(...outcome.events);
      last = outcome;
    }
    const changed = execution.steps.length > 0;
    const whole = accepted(execution, changed, events);
    if (last === null) return whole;
    return { ...whole, version: last.version, fence: last.fence, record: last.record };
  }

  private decide(
    { kind, namespace, key }: RecordAddress,
    before: StoredRecord | null,
    command: RunnableCommand,
    { context }: Execution,
  ): Decision {
    const end = before === null ? null : this.store.leaseEndOf(before);
    const state = {
      value: before === null ? null : before.value,
      version: before === null ? 0 : before.version,
      fence: before === null ? null : before.fence,
      leaseEnded: end !== null && end <= context.now,
      dependents: this.store.dependentsOf(kind.kind, namespace, key),
    };
    const { command: name, data, expect } = command;
    return kind.decider.decide(state, { name, data, expect }, context);
  }

  /** Does what an accepted decision says. */
  private follow(
    address: RecordAddress,
    before: StoredRecord | null,
    decision: Decision & { accepted: true },
    execution: Execution,
  ): Rejection | null {
    if (decision.renews && before !== null) this.renew(address, before, execution);
    if (decision.events.length === 0) return null;
    return this.applyEvents(address, before, decision.events, execution);
  }

  private renew({ kind }: RecordAddress, before: StoredRecord, execution: Execution): void {
    const ttlMs = kind.lease?.ttlMsOf(before.value) ?? null;
    invariant(ttlMs !== null, 'only a record with a time to live is renewed');
    const after = this.store.renew(before, (execution.context.now + ttlMs) as LogTime);
    execution.steps.push(before, after);
  }

  /** All events or none: a record that would be too large refuses them all. */
  private applyEvents(
    { kind, namespace, key }: RecordAddress,
    before: StoredRecord | null,
    events: readonly DomainEvent[],
    execution: Execution,
  ): Rejection | null {
    const { changes, steps, context, recordBytes } = execution;
    const changesBefore = changes.length;
    const stepsBefore = steps.length;
    const bytesMax = this.settings().recordBytesMax;
    let from = before;
    for (const event of events) {
      const after = nextRecord({ kind, namespace, key }, from, event, context);
      const hash = after === null ? undefined : recordHash(after);
      if (hash !== undefined && hash.bytes > bytesMax) {
        this.undoTo(execution, changesBefore, stepsBefore);
        execution.recordBytes = recordBytes;
        return tooLarge(hash.bytes, bytesMax);
      }
      this.store.replace(from, after, hash);
      const { type, data } = event;
      changes.push({ type, kind: kind.kind, namespace, key, data, before: from, after });
      steps.push(from, after);
      execution.recordBytes += hash?.bytes ?? 0;
      from = after;
    }
    return null;
  }

  /** Takes back what the execution did after it had so many changes and steps. */
  private undoTo({ changes, steps }: Execution, changesMax: number, stepsMax: number): void {
    for (let at = steps.length - 2; at >= stepsMax; at -= 2) {
      this.store.replace(steps[at + 1] as StoredRecord | null, steps[at] as StoredRecord | null);
    }
    steps.length = stepsMax;
    changes.length = changesMax;
  }

  private refusedAt(cause: Rejection, record: StoredRecord | null, execution: Execution): Refused {
    if (record !== null) execution.recordBytes += recordHash(record).bytes;
    return refused(cause, record, execution);
  }
}

function refused(cause: Rejection, record: StoredRecord | null, { context }: Execution): Refused {
  return { accepted: false, index: context.index, time: context.now, rejection: cause, record };
}

function accepted(
  { context }: Execution,
  changed: boolean,
  events: readonly DomainEvent[],
): Accepted {
  const { index, now: time } = context;
  return { accepted: true, changed, version: 0, fence: null, index, time, events, record: null };
}

function tooLarge(bytes: number, max: number): Rejection {
  const message = `the record would have ${bytes} bytes; recordBytesMax is ${max}`;
  return rejection('TOO_LARGE', 'record-bytes', message, { limit: 'recordBytesMax', max });
}
