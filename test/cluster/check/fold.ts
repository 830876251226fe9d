import { effectOf, recordModel } from './record-model.js';
import type { RecordInput, RecordOutput, RecordState } from './record-model.js';

/** One entry of a partition's log, as `log.read` shows it. */
export interface LoggedEntry {
  readonly index: number;
  readonly term: number;
  readonly kind: string;
  readonly commandId?: string;
  readonly namespace?: string;
}

/** A command as its client knows it; `key` names the record that it is about. */
export interface SentCommand {
  readonly key: string;
  readonly input: Extract<RecordInput, { kind: 'command' }>;
  readonly output?: RecordOutput;
  readonly index: number | null;
}

export interface FoldResult {
  readonly faults: readonly string[];
  /** Records that exist in the end, by key. */
  readonly records: ReadonlyMap<string, RecordState>;
  /** Entries of commands that were in the log already: what deduplication had to catch. */
  readonly repeated: number;
}

/**
 * Takes one partition's log in its order through the model, and compares every answer a client
 * was given with what the model says at that place: an acknowledged command is in the log, at the
 * index it was given, with the outcome it was given, once.
 */
export function foldLog(
  partition: number,
  log: readonly LoggedEntry[],
  sent: ReadonlyMap<string, SentCommand>,
  namespace: string,
): FoldResult {
  const fold = new Fold(partition, sent, namespace);
  for (const entry of log) fold.take(entry);
  fold.lookForLost();
  return fold;
}

class Fold implements FoldResult {
  readonly faults: string[] = [];
  readonly records = new Map<string, RecordState>();
  repeated = 0;
  private readonly seen = new Map<string, number>();
  private lastIndex = 0;

  constructor(
    private readonly partition: number,
    private readonly sent: ReadonlyMap<string, SentCommand>,
    private readonly namespace: string,
  ) {}

  take({ index, commandId, namespace }: LoggedEntry): void {
    if (this.lastIndex !== 0 && index !== this.lastIndex + 1) {
      this.fault(`the log jumps from ${this.lastIndex} to ${index}`);
    }
    this.lastIndex = index;
    // Other namespaces have clients of their own, which are checked elsewhere.
    if (commandId === undefined || (namespace ?? this.namespace) !== this.namespace) return;
    if (this.seen.has(commandId)) {
      this.repeated += 1;
      return;
    }
    this.seen.set(commandId, index);
    const command = this.sent.get(commandId);
    if (command) this.apply(command, index);
    else this.fault(`entry ${index} holds a command that nobody sent: ${commandId}`);
  }

  lookForLost(): void {
    for (const [commandId, { output, index, key }] of this.sent) {
      if (output?.kind !== 'accepted' || this.seen.has(commandId)) continue;
      this.fault(`acknowledged command ${commandId} on ${key} (index ${index}) is not in the log`);
    }
  }

  private apply(command: SentCommand, index: number): void {
    const { key, input, output } = command;
    const before = this.records.get(key) ?? recordModel.initial;
    const effect = effectOf(before, input);
    const { state } = effect;
    const after = effect.grants ? { ...state, fence: index } : state;
    if (after.value === null) this.records.delete(key);
    else this.records.set(key, after);
    if (output) this.compare(command, index, effect.outcome, after, effect.grants);
  }

  private compare(
    { key, input, output, index: told }: SentCommand,
    index: number,
    outcome: string,
    after: RecordState,
    grants: boolean,
  ): void {
    const where = `${input.command} ${input.commandId} on ${key} at index ${index}`;
    if (told !== null && told !== index) this.fault(`${where} was acknowledged for index ${told}`);
    if (output?.kind === 'refused' && outcome !== 'refused') {
      this.fault(`${where} was refused (${output.code}) where the model says ${outcome}`);
    }
    if (output?.kind !== 'accepted') return;
    if (outcome === 'refused' || ![outcome, 'duplicate'].includes(output.outcome)) {
      this.fault(`${where} was answered ${output.outcome} where the model says ${outcome}`);
    } else if (after.value !== null && output.version !== after.version) {
      this.fault(`${where} gave version ${output.version}, the model ${after.version}`);
    } else if (grants && output.fence !== index) {
      this.fault(`${where} gave fence ${output.fence}`);
    }
  }

  private fault(text: string): void {
    this.faults.push(`partition ${this.partition}: ${text}`);
  }
}
