import { invariant } from '@metad/foundation';
import type { LogIndex, LogTime, PartitionId, Term } from '@metad/foundation';
import type { CommandRequest } from '@metad/contract';
import type { AppliedEntry, RecordChange, StoredRecord, Value } from '@metad/eventsourcing';
import type { Entry, SnapshotMeta, StateImage, StateMachine } from '@metad/raft';
import type { KindRegistry } from '../kinds/index.js';
import { decodeEntry, UnreadableEntry } from './command-codec.js';
import type { DecodedEntry, ExpiryPayload, RenewalsPayload } from './command-codec.js';
import { CommandRunner, Execution } from './command-runner.js';
import { checkDeadline } from './checks/deadline.js';
import { FEATURE_LEVEL_MAX } from './feature-level.js';
import { DEFAULT_SETTINGS } from './machine-settings.js';
import type { MachineSettings } from './machine-settings.js';
import type { ApplyResult, DryRunResult, Outcome } from './outcome.js';
import { checkHorizon, remember, repeat } from './state/commands/repeated-command.js';
import type { AddressedRequest } from './state/commands/repeated-command.js';
import { captureState, restoreState } from './state/machine-image.js';
import type { MachineState } from './state/machine-state.js';
import { RecordStore } from './state/records/record-store.js';
import { RememberedCommands } from './state/commands/remembered-commands.js';

/** More than a busy follower has before it, less than what is kept in full. */
const FAR_BEHIND = 2_000;

export interface PartitionMachineOptions {
  readonly partition: PartitionId;
  readonly registry: KindRegistry;
  /** Receives every entry once, in order, after its effect can be read here. */
  readonly sink: (entry: AppliedEntry) => void;
  /** Drawn by each node for itself, so that clients cannot make command ids or keys collide; no
   * result depends on it. */
  readonly hashSeed?: number;
}

/** What the proposer knows already, so that this node need not parse the bytes again. */
export interface CommandAttachment {
  readonly request: CommandRequest;
}

/**
 * The state machine of a user partition: every command of every kind runs here, in log order, on
 * every replica alike.
 *
 *     entry → decode → log time → seen before? → deadline → expect → decide → evolve → remember
 *
 * The result depends on the state and the entry's bytes, term and index only: no clock, no dice, no
 * order of iteration. Refusals are results like any other and are remembered like any other.
 *
 * Missing: moving records between partitions (split and merge).
 */
export class PartitionMachine implements StateMachine {
  private state: MachineState;
  private runner: CommandRunner;

  constructor(private readonly options: PartitionMachineOptions) {
    this.state = this.emptyState();
    this.runner = this.runnerOf(this.state);
  }

  appliedIndex(): LogIndex {
    return this.state.index;
  }

  /** Term of the newest entry applied. */
  appliedTerm(): Term {
    return this.state.term;
  }

  /** Log time of the newest entry that has one; strictly monotone. */
  logTime(): LogTime {
    return this.state.time;
  }

  /** The records, for look-ups, iteration, counts and digests. Read only. */
  get records(): RecordStore {
    return this.state.records;
  }

  get settings(): MachineSettings {
    return this.state.settings;
  }

  /** So many committed entries are to be applied: what only lasts a while need not be made. */
  willApply(entries: number): void {
    const isFarBehind = entries > FAR_BEHIND;
    this.state.remembered.isFarBehind = isFarBehind;
    this.state.records.isFarBehind = isFarBehind;
  }

  /** Returns an `ApplyResult` for a command, a list of them for renewals, else undefined. */
  apply(entry: Entry, attachment: unknown): ApplyResult | readonly ApplyResult[] | undefined {
    const { state } = this;
    invariant(entry.index === state.index + 1, 'entries are applied in order, each once');
    const decoded = entry.kind === 'command' ? decode(entry, attachment !== undefined) : null;
    state.index = entry.index;
    state.term = entry.term;
    if (decoded === null) {
      this.dispatch(NOTHING_DONE);
      return undefined;
    }
    state.time = Math.max(state.time + 1, decoded.time) as LogTime;
    state.records.leases.observe(entry.term, state.time);
    state.remembered.forget(state.time, state.settings);
    return this.applyDecoded(decoded, attachment);
  }

  /** The record as it stands, with the time at which its lease really ends. */
  lookup(kind: string, namespace: string, key: string): StoredRecord | null {
    const record = this.state.records.get(kind, namespace, key);
    if (record === null || record.expiresAt === null) return record;
    const expiresAt = this.state.records.leaseEndOf(record);
    return expiresAt === record.expiresAt ? record : { ...record, expiresAt };
  }

  /** What became of a command, while it is remembered; null is no answer: see `horizon`. */
  outcomeOf(commandId: string): Outcome | null {
    return this.state.remembered.find(commandId)?.outcome ?? null;
  }

  /** Every command applied after this log time is remembered. */
  get horizon(): LogTime {
    return this.state.remembered.horizon;
  }

  /**
   * What `request` would do as the next entry at wall time `now`. Changes nothing. The outcome
   * stands at the index that was read: nobody may ever write the next one, and whoever waited for
   * it would wait in vain.
   */
  dryRun(namespace: string, command: string, request: CommandRequest, now: number): DryRunResult {
    const { state } = this;
    const addressed = { namespace, command, request };
    const known = state.remembered.find(request.commandId);
    if (known !== null) return { ...repeat(known, addressed, this.recordOf), changes: [] };
    const execution = new Execution({
      now: Math.max(state.time + 1, Math.floor(now)) as LogTime,
      index: (state.index + 1) as LogIndex,
      term: state.term,
      level: FEATURE_LEVEL_MAX,
    });
    const forgotten = checkHorizon(request.commandId, state.remembered.horizon, execution);
    const outcome = forgotten?.outcome ?? this.decide(addressed, execution);
    const changes = [...execution.changes];
    this.runner.undo(execution);
    return { duplicate: false, outcome: { ...outcome, index: state.index }, changes };
  }

  /** True once `term` has measured time: before, the leader proposes an empty expiry. */
  isLeaseClockStarted(term: Term): boolean {
    return this.state.records.leases.term === term;
  }

  /**
   * For the leader of `term`: records whose lease is over at log time `now`. Each comes again
   * after `retryMs` unless an entry has ended its lease by then.
   */
  takeDueExpiries(term: Term, now: LogTime, limit: number, retryMs = 1_000): StoredRecord[] {
    if (!this.isLeaseClockStarted(term)) return [];
    return this.state.records.leases.takeDue(now, limit, retryMs);
  }

  /** Of all records, or of one kind's; equal on two replicas that applied the same index. */
  digest(kind: string | null = null): string {
    const { records } = this.state;
    return (kind === null ? records.digest() : records.digestOf(kind)).toString();
  }

  capture(): StateImage {
    return captureState(this.state);
  }

  async restore(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const restored = this.emptyState();
    await restoreState(restored, meta, chunks);
    this.state = restored;
    this.runner = this.runnerOf(restored);
  }

  private applyDecoded(
    decoded: DecodedEntry,
    attachment: unknown,
  ): ApplyResult | readonly ApplyResult[] | undefined {
    switch (decoded.type) {
      case 'command':
        return this.applyCommand(decoded, attachment);
      case 'renewals':
        return this.applyRenewals(decoded);
      case 'expiry':
        this.applyExpiry(decoded);
        return undefined;
      case 'settings':
        this.state.settings = JSON.parse(decoded.body) as MachineSettings;
        this.dispatch(NOTHING_DONE);
        return undefined;
      case 'system':
        throw new UnreadableEntry('a system command in a user partition');
    }
  }

  private applyCommand(decoded: DecodedEntry, attachment: unknown): ApplyResult {
    const { namespace, command, level } = decoded;
    const request =
      attachment === undefined
        ? (JSON.parse(decoded.body) as CommandRequest)
        : (attachment as CommandAttachment).request;
    const execution = this.executionAt(level);
    const result = this.once({ namespace, command, request }, execution);
    const { outcome, duplicate } = result;
    this.dispatch({
      commandId: request.commandId,
      command,
      actor: request.meta?.actor ?? null,
      reason: request.meta?.reason ?? null,
      changes: execution.changes,
      rejected: outcome.accepted || duplicate ? null : outcome.rejection.code,
    });
    return result;
  }

  private applyRenewals(decoded: DecodedEntry): ApplyResult[] {
    const { command, requests } = JSON.parse(decoded.body) as RenewalsPayload;
    const changes: RecordChange[] = [];
    const results = requests.map(({ namespace, body }) => {
      const request = JSON.parse(body) as CommandRequest;
      const execution = this.executionAt(decoded.level);
      const result = this.once({ namespace, command, request }, execution);
      changes.push(...execution.changes);
      return result;
    });
    this.dispatch({ ...NOTHING_DONE, command, changes });
    return results;
  }

  private applyExpiry(decoded: DecodedEntry): void {
    const payload = JSON.parse(decoded.body) as ExpiryPayload;
    const execution = this.executionAt(decoded.level);
    if (payload.term === this.state.term) {
      for (const expiring of payload.records) this.expireOne(expiring, execution);
    }
    this.dispatch({ ...NOTHING_DONE, changes: execution.changes });
  }

  /** The leader's view is checked again: the record may have been renewed or changed since. */
  private expireOne(expiring: ExpiryPayload['records'][number], execution: Execution): void {
    const { kind, namespace, key, version } = expiring;
    const { records } = this.state;
    const record = records.get(kind, namespace, key);
    if (record === null || record.version !== version) return;
    const end = records.leaseEndOf(record);
    const definition = this.options.registry.kind(kind);
    if (end === null || end > execution.context.now || definition === null) return;
    this.runner.expire({ kind: definition, namespace, key }, record, execution);
  }

  /** Executes a command unless it was executed before. */
  private once(addressed: AddressedRequest, execution: Execution): ApplyResult {
    const { remembered } = this.state;
    const known = remembered.find(addressed.request.commandId);
    if (known !== null) return repeat(known, addressed, this.recordOf);
    const forgotten = checkHorizon(addressed.request.commandId, remembered.horizon, execution);
    if (forgotten !== null) return forgotten;
    const outcome = this.decide(addressed, execution);
    remembered.add(remember(addressed, outcome, execution));
    return { duplicate: false, outcome };
  }

  private readonly recordOf = ({ namespace, command, request }: AddressedRequest) =>
    this.runner.recordOf(namespace, command, request.data);

  private decide({ namespace, command, request }: AddressedRequest, execution: Execution): Outcome {
    const { index, now } = execution.context;
    if (request.deadline !== undefined) {
      const windowMs = this.state.settings.deduplicationWindowMs;
      const late = checkDeadline(request.deadline, now, windowMs);
      if (late !== null)
        return { accepted: false, index, time: now, rejection: late, record: null };
    }
    const expect = (request.expect as Value | undefined) ?? null;
    return this.runner.run({ namespace, command, data: request.data, expect }, execution);
  }

  private executionAt(level: number): Execution {
    const { time, index, term } = this.state;
    return new Execution({ now: time, index, term, level });
  }

  private dispatch(done: EntryEffect): void {
    const { index, term, time } = this.state;
    const { commandId, command, actor, reason, changes, rejected } = done;
    const { partition } = this.options;
    this.options.sink({
      partition,
      index,
      term,
      time,
      commandId,
      command,
      actor,
      reason,
      changes,
      rejected,
    });
  }

  private emptyState(): MachineState {
    const hashSeed = this.options.hashSeed ?? 0;
    return {
      index: 0 as LogIndex,
      term: 0 as Term,
      time: 0 as LogTime,
      settings: DEFAULT_SETTINGS,
      records: new RecordStore(this.options.registry, hashSeed),
      remembered: new RememberedCommands(hashSeed),
    };
  }

  private runnerOf(state: MachineState): CommandRunner {
    return new CommandRunner(this.options.registry, state.records, () => state.settings);
  }
}

type EntryEffect = Omit<AppliedEntry, 'partition' | 'index' | 'term' | 'time'>;

const NOTHING_DONE: EntryEffect = {
  commandId: null,
  command: null,
  actor: null,
  reason: null,
  changes: [],
  rejected: null,
};

function decode({ data }: Entry, isParsed: boolean): DecodedEntry {
  const decoded = decodeEntry(data, !isParsed);
  if (decoded.level > FEATURE_LEVEL_MAX) {
    throw new UnreadableEntry(`feature level ${decoded.level}`);
  }
  return decoded;
}
