import type { Operation } from '../check/linearizability.js';
import type { RecordInput, RecordOutput } from '../check/record-model.js';
import type { Subject } from './subject.js';

/** What became of one operation, as far as its client can know. */
export interface Performed extends Operation<RecordInput, RecordOutput> {
  readonly subject: Subject;
  readonly client: string;
  /**
   * `failed`: it provably never reached the log (every attempt was definitely refused at the
   * door). Everything else without an answer is `unknown`.
   */
  readonly status: 'answered' | 'unknown' | 'failed';
  /** Log index of an answered command, from its position; null for reads. */
  readonly index: number | null;
  readonly attempts: number;
  /** Code of the last refusal at the door or loss, for the counts. */
  readonly trouble: string | null;
}

/** What the service says when it broke: a time-out is an outcome, this is a bug. */
export const internalFault = 'internal fault';

/** Everything that the clients did, by record. */
export class History {
  readonly bySubject = new Map<Subject, Performed[]>();
  /** Highest acknowledged log index by partition. */
  readonly acknowledged = new Map<number, number>();
  /** Answers that admit a fault of the service's own program. */
  internalFaults = 0;
  private readonly counts = new Map<string, number>();

  add(performed: Performed): void {
    const { subject, status, index } = performed;
    if (performed.trouble === internalFault) this.internalFaults += 1;
    const list = this.bySubject.get(subject) ?? [];
    list.push(performed);
    this.bySubject.set(subject, list);
    if (index !== null && status === 'answered') {
      const before = this.acknowledged.get(subject.partition) ?? 0;
      this.acknowledged.set(subject.partition, Math.max(before, index));
    }
    this.count(nameOf(performed), status);
  }

  /** Number of operations by name (`AssignResource`, `read resource`) and status. */
  tally(): Map<string, Record<Performed['status'], number>> {
    const tally = new Map<string, Record<Performed['status'], number>>();
    for (const [key, count] of this.counts) {
      const [name = '', status = ''] = key.split('|');
      const row = tally.get(name) ?? { answered: 0, unknown: 0, failed: 0 };
      row[status as Performed['status']] = count;
      tally.set(name, row);
    }
    return tally;
  }

  /** Commands that were surely or possibly sent, by commandId. */
  commands(): Map<string, Performed> {
    const commands = new Map<string, Performed>();
    for (const list of this.bySubject.values()) {
      for (const performed of list) {
        if (performed.input.kind === 'command') commands.set(performed.input.commandId, performed);
      }
    }
    return commands;
  }

  private count(name: string, status: string): void {
    const key = `${name}|${status}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }
}

/** Accepted and refused answers are counted apart: an operation that only ever failed is news. */
function nameOf({ input, output, subject }: Performed): string {
  if (input.kind === 'read') return `read ${subject.kind}`;
  const name = input.expect ? `${input.command} with expect` : input.command;
  return output?.kind === 'refused' ? `${name} refused` : name;
}
