import type { LogIndex, Term } from '@metad/foundation';
import type { Entry } from '../../../core/index.js';
import type { ProposalFate } from './sim-node.js';

interface Proposal {
  readonly term: Term;
  readonly done: (fate: ProposalFate) => void;
}

/** What the clients of one node wait for: entries to be applied, reads to be allowed. */
export class PendingOutcomes {
  private proposals = new Map<LogIndex, Proposal>();
  private reads = new Map<number, (index: LogIndex) => void>();
  private waiters: { readonly index: LogIndex; readonly done: () => void }[] = [];
  private contexts = 0;
  private appliedIndex = 0;

  await(index: LogIndex, term: Term, done: (fate: ProposalFate) => void): void {
    this.proposals.get(index)?.done('unknown');
    this.proposals.set(index, { term, done });
  }

  awaitRead(done: (index: LogIndex) => void): number {
    this.contexts += 1;
    this.reads.set(this.contexts, done);
    return this.contexts;
  }

  awaitApplied(index: LogIndex, done: () => void): void {
    if (this.appliedIndex >= index) done();
    else this.waiters.push({ index, done });
  }

  readAt(context: number, index: LogIndex): void {
    const done = this.reads.get(context);
    this.reads.delete(context);
    done?.(index);
  }

  applied(entry: Entry): void {
    const proposal = this.proposals.get(entry.index);
    this.proposals.delete(entry.index);
    // Another entry at its index: the proposal is not in the log, for certain.
    proposal?.done(proposal.term === entry.term ? { index: entry.index } : 'dropped');
    this.appliedTo(entry.index);
  }

  appliedTo(index: LogIndex): void {
    this.appliedIndex = Math.max(this.appliedIndex, index);
    const ready = this.waiters.filter((waiter) => waiter.index <= index);
    this.waiters = this.waiters.filter((waiter) => waiter.index > index);
    for (const waiter of ready) waiter.done();
  }

  /** Leadership is lost: what is still open may or may not take effect. */
  lost(): void {
    const open = [...this.proposals.values()];
    this.proposals.clear();
    for (const proposal of open) proposal.done('unknown');
  }
}
