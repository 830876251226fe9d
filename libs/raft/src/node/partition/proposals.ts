import { invariant, NONE, withItem } from '@metad/foundation';
import type { LogIndex, NodeName, Term } from '@metad/foundation';
import type { Entry } from '../../core/index.js';
import type { DropReason } from '../state-machine-port.js';
import { ProposalRow } from './proposal-row.js';
import type { Proposal } from './proposal-row.js';

/** Proposals of all partitions of a node that have no outcome yet. */
export interface Admission {
  inFlight: number;
  readonly inFlightMax: number;
}

/**
 * The proposals of one partition made on this node. Queued ones have not reached the core, so they
 * can be dropped with certainty. Those in the log wait for the entry at their index to be applied:
 * the same term means theirs, another term means that theirs can never be committed. Losing
 * leadership settles nothing by itself, the entries may still be committed by the next leader.
 */
export class Proposals {
  private readonly queue = new ProposalRow();
  private readonly inLog = new ProposalRow();
  private shadowedCount = 0;

  constructor(
    private readonly admission: Admission,
    private readonly inFlightMax: number,
  ) {}

  get queued(): number {
    return this.queue.size;
  }

  get inFlight(): number {
    return this.queue.size + this.inLog.size + this.shadowedCount;
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
  peek(countMax: number, bytesMax: number): readonly Uint8Array[] {
    let datas: readonly Uint8Array[] = NONE;
    let bytes = 0;
    for (let at = this.queue.first; at !== null; at = at.next) {
      bytes += at.data.length;
      if (datas.length === countMax || (datas.length > 0 && bytes > bytesMax)) break;
      datas = withItem(datas, at.data);
    }
    return datas;
  }

  /** The oldest `count` queued ones are in the core's log from `first` on. */
  accepted(count: number, first: LogIndex, term: Term): void {
    invariant(count <= this.queue.size, 'what the core accepted was queued');
    for (let at = 0; at < count; at += 1) {
      this.place(this.queue.shift() as Proposal, first + at, term);
    }
  }

  /** Follows a proposal that went to the core by itself (a membership change). */
  track(proposal: Proposal, at: { readonly index: LogIndex; readonly term: Term }): void {
    this.admission.inFlight += 1;
    this.place(proposal, at.index, at.term);
  }

  /** What the proposer of this very entry attached, if it was proposed here. */
  attachmentOf(entry: Entry): unknown {
    let proposal = this.inLog.at(entry.index);
    while (proposal !== null && proposal.term !== entry.term) proposal = proposal.shadowed;
    return proposal?.attachment;
  }

  /** Tells whoever waits for this index. */
  applied(entry: Entry, result: unknown, leader: NodeName | null): void {
    const first = this.inLog.take(entry.index);
    if (first === null) return;
    for (let at: Proposal | null = first; at !== null; at = at.shadowed) {
      if (at !== first) this.shadowedCount -= 1;
      this.admission.inFlight -= 1;
      if (at.term === entry.term) at.observer.applied(result, entry.index, entry.term);
      else at.observer.dropped('replaced', leader);
    }
  }

  /** A snapshot replaced the log up to `index`: what became of entries there cannot be told. */
  skippedTo(index: LogIndex): void {
    while (this.inLog.first !== null && this.inLog.first.index <= index) {
      this.unknown(this.inLog.shift(), 'a snapshot took the place of the entry');
    }
  }

  /** Drops everything that has not reached the core. */
  dropQueued(reason: DropReason, leader: NodeName | null): void {
    this.admission.inFlight -= this.queue.size;
    for (let at = this.queue.takeAll(); at !== null; at = at.next) {
      at.observer.dropped(reason, leader);
    }
  }

  /** Ends everything: the partition or node stops. */
  stop(reason: string): void {
    this.dropQueued('stopping', null);
    for (let at = this.inLog.takeAll(); at !== null; at = at.next) this.unknown(at, reason);
  }

  /** Ends what has waited beyond its deadline. */
  expire(now: number): void {
    while (this.inLog.first !== null && this.inLog.first.deadline <= now) {
      this.unknown(this.inLog.shift(), 'no quorum answered in time');
    }
    const { first } = this.queue;
    if (first !== null && first.deadline <= now) this.dropQueued('overloaded', null);
  }

  private place(proposal: Proposal, index: number, term: Term): void {
    proposal.index = index;
    proposal.term = term;
    proposal.shadowed = this.inLog.take(index);
    if (proposal.shadowed !== null) this.shadowedCount += 1;
    this.inLog.place(proposal);
  }

  private unknown(first: Proposal | null, reason: string): void {
    for (let at = first; at !== null; at = at.shadowed) {
      if (at !== first) this.shadowedCount -= 1;
      this.admission.inFlight -= 1;
      at.observer.unknown(reason);
    }
  }
}
