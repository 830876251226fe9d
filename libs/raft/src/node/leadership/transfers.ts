import type { Clock, NodeName } from '@metad/foundation';
import type { Engine } from '../engine.js';
import type { NodeLimits } from '../node-options.js';
import type { Partition } from '../partition/partition.js';
import { NoLeaderError } from '../raft-node-port.js';

interface OpenTransfer {
  readonly partition: Partition;
  readonly to: NodeName;
  readonly deadline: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

interface Farewell {
  readonly deadline: number;
  /** Until then, those who are silent may come back and take over. */
  readonly patience: number;
  readonly inFlight: () => number;
  readonly resolve: () => void;
}

/** Hands leadership over: of one partition on request, of all of them before the node leaves. */
export class Transfers {
  private open: OpenTransfer[] = [];
  private farewell: Farewell | null = null;

  constructor(
    private readonly engine: Engine,
    private readonly clock: Clock,
    private readonly limits: NodeLimits,
  ) {
    engine.tickListeners.push(() => this.tick());
  }

  /** Resolves when `to` leads as seen from here; rejects after two election time-outs. */
  start(partition: Partition, to: NodeName): Promise<void> {
    if (partition.leader === to) return Promise.resolve();
    if (partition.role !== 'leader' || this.engine.stopped) {
      const where = partition.leader ?? 'nobody, at the moment';
      return Promise.reject(new NoLeaderError(`leadership is given by its leader: ${where}`));
    }
    this.engine.giveTo(partition, to);
    const deadline = this.clock.monotonic() + 2 * this.limits.electionMs;
    return new Promise((resolve, reject) => {
      this.open.push({ partition, to, deadline, resolve, reject });
    });
  }

  /** Gives every leadership away; resolves when that and all proposals are done, or at the end. */
  giveAllAway(deadline: number, inFlight: () => number): Promise<void> {
    // Whoever hears from nobody for that long does not lead any more.
    const patience = this.clock.monotonic() + 2 * this.limits.electionMs;
    return new Promise((resolve) => {
      this.farewell = { deadline, patience, inFlight, resolve };
      this.tick();
    });
  }

  /** Leadership that comes is kept again; who waits for the farewell is told that it is over. */
  keep(): void {
    this.farewell?.resolve();
    this.farewell = null;
  }

  stop(): void {
    for (const { reject } of this.open.splice(0)) reject(new NoLeaderError('the node stops'));
    this.keep();
  }

  private tick(): void {
    const now = this.clock.monotonic();
    if (this.open.length > 0) this.open = this.open.filter((transfer) => !settle(transfer, now));
    if (!this.engine.draining) return;
    // Also after the farewell: a drained node may win an election that nobody else could.
    const leading = this.giveAway(now < (this.farewell?.patience ?? 0));
    if (this.farewell === null) return;
    const { deadline, inFlight, resolve } = this.farewell;
    if ((leading > 0 || inFlight() > 0) && now < deadline) return;
    this.farewell = null;
    resolve();
  }

  /**
   * Orders what can be ordered; returns how many leaderships have yet to move. While `patient`,
   * that includes those that only somebody who is silent could take, and those that were given and
   * not yet taken: if the election fails, they may come back.
   */
  private giveAway(patient: boolean): number {
    let leading = 0;
    for (const partition of this.engine.partitions.values()) {
      if (!partition.isLive) continue;
      if (patient && partition.leader === null) leading += 1;
      if (partition.role !== 'leader') continue;
      const to = this.successorOf(partition);
      if (to !== null || (patient && this.mayFindSuccessor(partition))) leading += 1;
      if (to === null) continue; // Nobody could take it.
      if (partition.proposals.queued > 0) continue; // They are on their way into the log.
      if (partition.replica.status().transferTarget === null) this.engine.giveTo(partition, to);
    }
    return leading;
  }

  private mayFindSuccessor(partition: Partition): boolean {
    const { voters } = partition.replica.status().confInForce;
    return voters.some((voter) => this.engine.peers.mayReturn(voter));
  }

  /** The voter that is furthest, alive, and not leaving as well. */
  private successorOf(partition: Partition): NodeName | null {
    const { progress, confInForce } = partition.replica.status();
    let best: NodeName | null = null;
    let bestMatch = -1;
    for (const voter of confInForce.voters) {
      const peer = progress.get(voter);
      if (voter === this.engine.peers.self || !this.engine.peers.mayLead(voter)) continue;
      if (peer === undefined || peer.match <= bestMatch) continue;
      best = voter;
      bestMatch = peer.match;
    }
    return best;
  }
}

/** True when the transfer has ended, one way or the other. */
function settle(transfer: OpenTransfer, now: number): boolean {
  const { partition, to, deadline } = transfer;
  if (partition.leader === to) transfer.resolve();
  else if (now >= deadline) transfer.reject(new NoLeaderError(`${to} did not take over in time`));
  else return false;
  return true;
}
