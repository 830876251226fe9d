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
    return new Promise((resolve) => {
      this.farewell = { deadline, inFlight, resolve };
      this.tick();
    });
  }

  stop(): void {
    for (const { reject } of this.open.splice(0)) reject(new NoLeaderError('the node stops'));
    this.farewell?.resolve();
    this.farewell = null;
  }

  private tick(): void {
    const now = this.clock.monotonic();
    if (this.open.length > 0) this.open = this.open.filter((transfer) => !settle(transfer, now));
    if (this.farewell !== null) this.tickFarewell(this.farewell, now);
  }

  private tickFarewell(farewell: Farewell, now: number): void {
    let leading = 0;
    for (const partition of this.engine.partitions.values()) {
      if (partition.role !== 'leader' || !partition.isLive) continue;
      const to = this.successorOf(partition);
      if (to === null) continue; // Nobody could take it.
      leading += 1;
      if (partition.proposals.queued > 0) continue; // They are on their way into the log.
      if (partition.replica.status().transferTarget === null) this.engine.giveTo(partition, to);
    }
    if ((leading > 0 || farewell.inFlight() > 0) && now < farewell.deadline) return;
    this.farewell = null;
    farewell.resolve();
  }

  /** The voter that is furthest and alive. */
  successorOf(partition: Partition): NodeName | null {
    const { progress, confInForce } = partition.replica.status();
    let best: NodeName | null = null;
    let bestMatch = -1;
    for (const voter of confInForce.voters) {
      const peer = progress.get(voter);
      if (voter === this.engine.peers.self || this.engine.peers.isDown(voter)) continue;
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
