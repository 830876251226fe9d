import type { ProposalObserver } from '../state-machine-port.js';

/** One proposal on its way: queued, then in the log under an index and term, then settled. */
export class Proposal {
  /** 0 while it is queued. */
  index = 0;
  term = 0;
  /** Another proposal of an earlier term at the same index, whose fate is open as well. */
  shadowed: Proposal | null = null;
  /** The one behind it in its row. */
  next: Proposal | null = null;

  constructor(
    readonly data: Uint8Array,
    readonly observer: ProposalObserver,
    readonly attachment: unknown,
    /** Monotonic milliseconds. */
    readonly deadline: number,
  ) {}
}

/**
 * Proposals in a row, linked through themselves: with thousands of partitions, of which each has
 * one proposal at a time, there is nothing else to allocate, to look up and to keep. Those in the
 * log stand by index, and the first is nearly always the one that is asked for.
 */
export class ProposalRow {
  first: Proposal | null = null;
  size = 0;
  private last: Proposal | null = null;

  push(proposal: Proposal): void {
    this.link(this.last, proposal, null);
  }

  shift(): Proposal | null {
    const { first } = this;
    if (first !== null) this.unlink(null, first);
    return first;
  }

  /** Everything, as a chain; the row is empty afterwards. */
  takeAll(): Proposal | null {
    const { first } = this;
    this.first = null;
    this.last = null;
    this.size = 0;
    return first;
  }

  at(index: number): Proposal | null {
    let { first: found } = this;
    while (found !== null && found.index < index) found = found.next;
    return found?.index === index ? found : null;
  }

  /** Takes the proposal at `index` out of the row; null when there is none. */
  take(index: number): Proposal | null {
    const before = this.before(index);
    const found = before === null ? this.first : before.next;
    if (found?.index !== index) return null;
    this.unlink(before, found);
    return found;
  }

  /** Puts a proposal where its index belongs; there is none of that index. */
  place(proposal: Proposal): void {
    const before = this.before(proposal.index);
    this.link(before, proposal, before === null ? this.first : before.next);
  }

  /** The last one below `index`. */
  private before(index: number): Proposal | null {
    if (this.last !== null && this.last.index < index) return this.last;
    let before: Proposal | null = null;
    for (let at = this.first; at !== null && at.index < index; at = at.next) before = at;
    return before;
  }

  private link(before: Proposal | null, proposal: Proposal, after: Proposal | null): void {
    proposal.next = after;
    if (before === null) this.first = proposal;
    else before.next = proposal;
    if (after === null) this.last = proposal;
    this.size += 1;
  }

  private unlink(before: Proposal | null, proposal: Proposal): void {
    if (before === null) this.first = proposal.next;
    else before.next = proposal.next;
    if (this.last === proposal) this.last = before;
    proposal.next = null;
    this.size -= 1;
  }
}
