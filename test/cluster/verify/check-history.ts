import { foldLog } from '../check/fold.js';
import type { SentCommand } from '../check/fold.js';
import { checkLinearizable } from '../check/linearizability.js';
import type { Operation } from '../check/linearizability.js';
import { recordModel } from '../check/record-model.js';
import type { RecordInput, RecordOutput, RecordState } from '../check/record-model.js';
import type { History, Performed } from '../workload/history.js';
import { idOf, namespace } from '../workload/subject.js';
import type { LogCollector } from './log-collector.js';

type RecordOperation = Operation<RecordInput, RecordOutput>;

/** Every record's history through the checker. */
export function checkHistory(history: History): { violations: string[]; doubts: string[] } {
  const violations: string[] = [];
  const doubts: string[] = [];
  for (const [subject, performed] of history.bySubject) {
    const verdict = checkLinearizable(recordModel, relevant(performed));
    if (verdict.kind === 'undecided') doubts.push(`${idOf(subject)}: search given up`);
    if (verdict.kind !== 'violation') continue;
    const { stuckAt, longest } = verdict;
    violations.push(
      `${idOf(subject)} (partition ${subject.partition}) is not linearizable; in order until\n` +
        [...longest.slice(-4).map(tell), `and then not ${stuckAt ? tell(stuckAt) : 'the end'}`]
          .map((line) => `    ${line}`)
          .join('\n'),
    );
  }
  return { violations, doubts };
}

/** What failed at the door never happened; a read without an answer says nothing. */
function relevant(performed: readonly Performed[]): RecordOperation[] {
  return performed.filter(
    ({ status, input }) => status === 'answered' || (status === 'unknown' && input.kind !== 'read'),
  );
}

function tell({ input, output, calledAt, returnedAt }: RecordOperation): string {
  const { kind, ...what } = input;
  const span = `[${calledAt.toFixed(1)} … ${returnedAt.toFixed(1)}]`;
  return `${span} ${kind} ${JSON.stringify(what)} → ${output ? JSON.stringify(output) : 'unknown'}`;
}

export interface Folded {
  readonly violations: string[];
  readonly records: Map<string, RecordState>;
  readonly entries: number;
  readonly repeated: number;
}

/** Every partition's log through the model, against every answer. */
export function checkLogs(history: History, logs: LogCollector, partitions: number): Folded {
  const folded: Folded = {
    violations: [...logs.faults],
    records: new Map(),
    entries: 0,
    repeated: 0,
  };
  let { entries, repeated } = folded;
  const commands = history.commands();
  for (let partition = 1; partition <= partitions; partition += 1) {
    const sent = new Map<string, SentCommand>();
    for (const [commandId, performed] of commands) {
      if (performed.subject.partition === partition) sent.set(commandId, toSent(performed));
    }
    const log = logs.logOf(partition);
    const result = foldLog(partition, log, sent, namespace);
    folded.violations.push(...result.faults);
    for (const [key, state] of result.records) folded.records.set(key, state);
    entries += log.length;
    repeated += result.repeated;
  }
  return { ...folded, entries, repeated };
}

function toSent({ subject, input, output, status, index }: Performed): SentCommand {
  if (input.kind !== 'command') throw new Error('a read is not sent into the log');
  const answer = status === 'answered' && output ? { output } : {};
  return { key: idOf(subject), input, index, ...answer };
}
