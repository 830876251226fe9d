import { expect } from '@jest/globals';
import fc from 'fast-check';
import { logIndex } from '@metad/foundation';
import { Digest, recordHash, sameContent } from '@metad/eventsourcing';
import type { StoredRecord } from '@metad/eventsourcing';
import type { ApplyResult, PartitionMachine } from '../../src/decide/index.js';
import { MachineLog } from '../../src/decide/testing/machine-log.js';
import { KINDS } from '../../src/kinds/index.js';
import type { RandomCommand } from './kind-commands.js';
import { isOver, isSame } from './kind-model.js';
import type { KindModel, ModelMoment } from './kind-model.js';

type Expect = Readonly<Record<string, unknown>>;

/** One step of a random run. */
export type Step =
  | ({ readonly kind: 'send'; readonly expect: Expect | null } & RandomCommand)
  | { readonly kind: 'retry'; readonly of: number; readonly isAltered: boolean }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'expire' }
  | { readonly kind: 'elect' };

const expectation: fc.Arbitrary<Expect | null> = fc.oneof(
  { weight: 8, arbitrary: fc.constant(null) },
  {
    weight: 3,
    arbitrary: fc.oneof(
      fc.integer({ min: 1, max: 3 }).map((version) => ({ version })),
      fc.constantFrom<Expect>({ absent: true }, { exists: true }, { node: 'n1' }),
      fc.constantFrom<Expect>({ owner: 'a' }, { owner: null }, { owner: 'b', exists: true }),
    ),
  },
);

export const stepsOf = (commands: fc.Arbitrary<RandomCommand>): fc.Arbitrary<Step[]> => {
  const send = fc
    .tuple(commands, expectation)
    .map(([command, expected]): Step => ({ kind: 'send', expect: expected, ...command }));
  const retry = fc
    .tuple(fc.nat(30), fc.boolean())
    .map(([of, isAltered]): Step => ({ kind: 'retry', of, isAltered }));
  const wait = fc.constantFrom(60, 100, 150).map((ms): Step => ({ kind: 'wait', ms }));
  return fc.array(
    fc.oneof(
      { weight: 14, arbitrary: send },
      { weight: 2, arbitrary: retry },
      { weight: 2, arbitrary: wait },
      { weight: 1, arbitrary: fc.constant<Step>({ kind: 'expire' }) },
      { weight: 1, arbitrary: fc.constant<Step>({ kind: 'elect' }) },
    ),
    { minLength: 1, maxLength: 24 },
  );
};

interface SentCommand extends RandomCommand {
  readonly commandId: string;
  readonly expect: Expect | null;
  readonly result: ApplyResult;
}

/** As `toEqual`, which is too slow to be asked when all is well. */
function same(actual: unknown, wanted: unknown): void {
  if (!sameContent(actual, wanted)) expect(actual).toEqual(wanted);
}

/** A machine and a model of its kind under the same commands. */
export class ModelRun {
  readonly log = new MachineLog(KINDS);
  private readonly sent: SentCommand[] = [];
  private measuredTerm = 0;

  constructor(private readonly model: KindModel) {}

  take(step: Step): void {
    switch (step.kind) {
      case 'send':
        return this.send(step);
      case 'retry':
        return this.retry(step.of, step.isAltered);
      case 'wait':
        this.log.now += step.ms;
        return;
      case 'elect':
        return this.log.elect();
      case 'expire':
        return this.expire();
    }
  }

  /** The records, their digest, and every way of getting them again. */
  async finish(cut: number): Promise<void> {
    const { machine, entries } = this.log;
    this.compareRecords();
    same(foldOf(this.log), contentsOf(machine, false));
    const digest = new Digest();
    for (const record of recordsOf(machine)) digest.add(recordHash(record));
    same(digest.toString(), machine.digest());
    const at = cut % (entries.length + 1);
    const copy = await this.log.restored(this.log.replay(logIndex(at)));
    for (const entry of entries.slice(at)) copy.apply(entry, undefined);
    same(copy.digest(), machine.digest());
    same(contentsOf(copy, true), contentsOf(machine, true));
    for (const { commandId, result } of this.sent) {
      same(copy.outcomeOf(commandId), result.outcome);
    }
  }

  private send({ command, data, expect: expected }: RandomCommand & { expect: Expect | null }) {
    const model = this.model;
    const key = model.keyOf(command, data);
    const wanted = key === null ? null : expected;
    const commandId = this.log.freshId();
    const envelope = wanted === null ? { commandId } : { commandId, expect: wanted };
    const result = this.log.send(command, data, envelope);
    this.measure();
    const at = { time: this.log.machine.logTime(), index: this.log.entries.length, expect: wanted };
    const verdict = this.unmet(key, wanted) ?? model.apply(command, data, at);
    same(`${command} ${verdictOf(result)}`, `${command} ${verdict}`);
    this.sent.push({ command, data, commandId, expect: wanted, result });
  }

  private retry(of: number, isAltered: boolean): void {
    const first = this.sent[of % Math.max(1, this.sent.length)];
    if (first === undefined) return;
    const { command, data, commandId, expect: expected, result } = first;
    const envelope = expected === null ? { commandId } : { commandId, expect: expected };
    const reordered = Object.fromEntries(Object.entries(data).reverse());
    const other = isAltered ? { ...reordered, another: 1 } : reordered;
    const again = this.log.send(command, other, envelope);
    this.measure();
    if (isAltered) same(verdictOf(again), 'COMMAND_ID_REUSED');
    else same(again, { duplicate: true, outcome: result.outcome });
  }

  private expire(): void {
    const isMeasuring = this.measuredTerm === this.log.term;
    const over = [...this.model.records.values()].filter(
      (record) => isMeasuring && isOver(record, this.log.now),
    );
    same(this.log.expire(), over.length);
    this.measure();
    const at: ModelMoment = { time: this.log.now, index: this.log.entries.length, expect: null };
    for (const record of over) this.model.expire?.(record, at);
  }

  /** With the first entry of a term that has a time, every lease counts anew. */
  private measure(): void {
    if (this.measuredTerm === this.log.term) return;
    this.measuredTerm = this.log.term;
    for (const record of this.model.records.values()) {
      record.since = Math.max(record.since, this.log.machine.logTime());
    }
  }

  private unmet(key: string | null, expected: Expect | null): string | null {
    if (key === null || expected === null) return null;
    const record = this.model.records.get(key);
    for (const [name, wanted] of Object.entries(expected)) {
      const holds = {
        version: () => record?.version === wanted,
        absent: () => record === undefined,
        exists: () => record !== undefined,
      }[name];
      if (holds?.() ?? (record !== undefined && isSame(record.value[name] ?? null, wanted)))
        continue;
      return name === 'version' ? 'VERSION_CONFLICT' : 'PRECONDITION_FAILED';
    }
    return null;
  }

  private compareRecords(): void {
    const found: Contents = {};
    for (const record of recordsOf(this.log.machine)) {
      const { kind, namespace, key, version, fence, value } = record;
      const expiresAt = this.log.machine.lookup(kind, namespace, key)?.expiresAt ?? null;
      found[`${kind}:${key}`] = { version, fence, value, expiresAt };
    }
    const wanted: Contents = {};
    for (const [key, { version, fence, value, since, ttlMs }] of this.model.records) {
      const expiresAt = ttlMs === null ? null : since + ttlMs;
      wanted[key] = { version, fence, value, expiresAt };
    }
    same(found, wanted);
  }
}

function verdictOf({ outcome }: ApplyResult): string {
  if (!outcome.accepted) return outcome.rejection.code;
  return outcome.changed ? 'applied' : 'noop';
}

type Contents = Record<string, unknown>;

const recordsOf = (machine: PartitionMachine): StoredRecord[] =>
  KINDS.kinds.flatMap(({ kind }) => [...machine.records.records(kind)]);

/** Everything that is kept of each record; without the lease's end, what a projection can know. */
function contentsOf(machine: PartitionMachine, withLease: boolean): Contents {
  const contents = recordsOf(machine).map((record): [string, unknown] => {
    const { kind, key, expiresAt, ...rest } = record;
    return [`${kind}:${key}`, { ...rest, expiresAt: withLease ? expiresAt : null }];
  });
  return Object.fromEntries(contents);
}

/** What a projection holds that knows nothing but the dispatched changes. */
function foldOf({ applied }: MachineLog): Contents {
  const rows: Contents = {};
  for (const { changes } of applied) {
    for (const { kind, key, after } of changes) {
      delete rows[`${kind}:${key}`];
      if (after === null) continue;
      const rest = { ...after, kind: undefined, key: undefined, expiresAt: undefined };
      rows[`${kind}:${key}`] = rest;
    }
  }
  return rows;
}
