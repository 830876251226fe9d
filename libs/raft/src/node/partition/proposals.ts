import type { LogIndex, NodeName, Term } from '@metad/foundation';
import type { Entry } from '../../core/index.js';
import type { DropReason, ProposalObserver } from '../state-machine-port.js';

/** Proposals of all partitions of a node that have no outcome yet. */
export interface Admission {
  inFlight: number;
  readonly inFlightMax: number;
}

/** One proposal on its way: queued, then in the log under an index and term, then settled. */
export class Proposal {
  term = 0;
  /** Another proposal of an earlier term at the same index, whose fate is open as well. */
  shadowed: Proposal | null = null;

  constructor(
    readonly data: Uint8Array,
    readonly observer: ProposalObserver,
    readonly attachment: unknown,
    /** Monotonic milliseconds. */
    readonly deadline: number,
  ) {}
}

/**
 * The proposals of one partition made on this node. Queued ones have not reached the core, so they
 * can be dropped with certainty. Those in the log wait for the entry at their index to be applied:
 * the same term means theirs, another term means that theirs can never be committed. Losing
 * leadership settles nothing by itself, the entries may still be committed by the next leader.
 */
export class Proposals {
  private queue: Proposal[] = [];
  private readonly inLog = new Map<number, Proposal>();
  private shadowedCount = 0;

  constructor(
    private readonly admission: Admission,
    private readonly inFlightMax: number,
  ) {}

  get queued(): number {
    return this.queue.length;
  }

  get inFlight(): number {
    return this.queue.length + this.inLog.size + this.shadowedCount;
  }

  /** False when the partition or the node has its fill. */
  admit(proposal: Proposal): boolean {
    const { admission } = this;
    if (this.inFlight >= this.inFlightMax) return false;
    if (admission.inFlight >= admission.inFlightMax) return false;
    admission.inFlight += 1;
    this.queue.push(proposal);
    return true;
  }

  /** The oldest queued proposals, at most `countMax` and `bytesMax`, still queued. */
  peek(countMax: number, bytesMax: number): Uint8Array[] {
    const datas: Uint8Array[] = [];
    let bytes = 0;
    for (const proposal of this.queue) {
      bytes += proposal.data.length;
      if (datas.length === countMax || (datas.length > 0 && bytes > bytesMax)) break;
      datas.push(proposal.data);
    }
    return datas;
  }

  /** The oldest `count` queued ones are in the core's log from `first` on. */
  accepted(count: number, first: LogIndex, term: Term): void {
    const { queue } = this;
    for (let at = 0; at < count; at += 1) this.place(queue[at] as Proposal, first + at, term);
    this.queue = count === queue.length ? [] : queue.slice(count);
  }

  /** Follows a proposal that went to the core by itself (a membership change). */
  track(proposal: Proposal, at: { readonly index: LogIndex; readonly term: Term }): void {
    this.admission.inFlight += 1;
    this.place(proposal, at.index, at.term);
  }

  /** What the proposer of this very entry attached, if it was proposed here. */
  attachmentOf(entry: Entry): unknown {
    let proposal: Proposal | null = this.inLog.get(entry.index) ?? null;
    while (proposal !== null && proposal.term !== entry.term) proposal = proposal.shadowed;
    return proposal?.attachment;
  }

  /** Tells whoever waits for this index. */
  applied(entry: Entry, result: unknown, leader: NodeName | null): void {
    const first = this.inLog.get(entry.index);
    if (first === undefined) return;
    this.inLog.delete(entry.index);
    for (let at: Proposal | null = first; at !== null; at = at.shadowed) {
      if (at !== first) this.shadowedCount -= 1;
      this.admission.inFlight -= 1;
      if (at.term === entry.term) at.observer.applied(result, entry.index, entry.term);
      else at.observer.dropped('replaced', leader);
    }
  }

  /** A snapshot replaced the log up to `index`: what became of entries there cannot be told. */
  skippedTo(index: LogIndex): void {
    for (const [at, proposal] of this.inLog) {
      if (at > index) continue;
      this.inLog.delete(at);
      this.unknown(proposal, 'a snapshot took the place of the entry');
    }
  }

  /** Drops everything that has not reached the core. */
  dropQueued(reason: DropReason, leader: NodeName | null): void {
    const { queue } = this;
    this.queue = [];
    this.admission.inFlight -= queue.length;
    for (const proposal of queue) proposal.observer.dropped(reason, leader);
  }

  /** Ends everything: the partition or node stops. */
  stop(reason: string): void {
    this.dropQueued('stopping', null);
    const open = [...this.inLog.values()];
    this.inLog.clear();
    for (const proposal of open) this.unknown(proposal, reason);
  }

  /** Ends what has waited beyond its deadline. */
  expire(now: number): void {
    for (const [index, proposal] of this.inLog) {
      if (proposal.deadline > now) break;
      this.inLog.delete(index);
      this.unknown(proposal, 'no quorum answered in time');
    }
    const first = this.queue[0];
    if (first !== undefined && first.deadline <= now) this.dropQueued('overloaded', null);
  }

  private place(proposal: Proposal, index: number, term: Term): void {
    proposal.term = term;
    const shadowed = this.inLog.get(index);
    if (shadowed !== undefined) {
      proposal.shadowed = shadowed;
      this.shadowedCount += 1;
    }
    this.inLog.set(index, proposal);
  }

  private unknown(first: Proposal, reason: string): void {
    for (let at: Proposal | null = first; at !== null; at = at.shadowed) {
      if (at !== first) this.shadowedCount -= 1;
      this.admission.inFlight -= 1;
      at.observer.unknown(reason);
    }
  }
}
