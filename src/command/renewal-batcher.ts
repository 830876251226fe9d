import type { PartitionId } from '@metad/foundation';
import { droppedError, unknownError } from '../consensus/proposal-outcome.js';
import type { ApplyResult } from '../decide/index.js';

/** Renewals in one entry; more wait for the next. */
const requestsMax = 256;
/** Bytes of their bodies in one entry, as JSON inside of JSON; a larger one goes by itself. */
const entryBytesMax = 256 * 1024;
/** Renewals and bytes of theirs that wait in one partition; more are refused as `OVERLOADED`. */
const waitingMax = 4_096;
const waitingBytesMax = 8 * 1024 * 1024;

interface Waiting {
  readonly namespace: string;
  readonly body: string;
  /** At most so many in the entry. */
  readonly bytes: number;
  readonly resolve: (result: ApplyResult) => void;
  readonly reject: (error: unknown) => void;
}

export type RenewalRequest = Pick<Waiting, 'namespace' | 'body'>;

/** Proposes one entry with all these renewals; resolves with their results in order. */
export type ProposeRenewals = (
  partition: PartitionId,
  requests: readonly RenewalRequest[],
) => Promise<readonly ApplyResult[]>;

/**
 * Gathers renewals into shared entries: thousands of instances say once in a while that they live,
 * and a replicated entry for each would drown what matters. One entry is under way per partition;
 * what arrives meanwhile goes with the next, as much as one entry may hold.
 */
export class RenewalBatcher {
  private readonly queues = new Map<PartitionId, RenewalQueue>();
  private readonly busy = new Set<PartitionId>();

  constructor(private readonly propose: ProposeRenewals) {}

  renew(partition: PartitionId, namespace: string, body: string): Promise<ApplyResult> {
    return new Promise((resolve, reject) => {
      const queue = this.queues.get(partition) ?? new RenewalQueue();
      this.queues.set(partition, queue);
      const bytes = boundOf(body);
      if (!queue.admits(bytes)) throw droppedError(partition, 'overloaded', null);
      queue.push({ namespace, body, bytes, resolve, reject });
      if (!this.busy.has(partition)) {
        this.busy.add(partition);
        // In the next turn: what arrived in this one goes along.
        setImmediate(() => void this.work(partition));
      }
    });
  }

  private async work(partition: PartitionId): Promise<void> {
    const queue = this.queues.get(partition) ?? new RenewalQueue();
    while (!queue.isEmpty) await this.send(partition, queue.takeEntry());
    this.queues.delete(partition);
    this.busy.delete(partition);
  }

  private async send(partition: PartitionId, batch: readonly Waiting[]): Promise<void> {
    try {
      const results = await this.propose(partition, batch);
      for (const [at, { resolve, reject }] of batch.entries()) {
        const result = results[at];
        if (result !== undefined) resolve(result);
        else reject(unknownError(partition, 'a renewal was left without a result'));
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}

/** What waits in one partition, in the order of its arrival. */
class RenewalQueue {
  private readonly waiting: Waiting[] = [];
  private bytes = 0;

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  admits(bytes: number): boolean {
    return this.waiting.length < waitingMax && this.bytes + bytes <= waitingBytesMax;
  }

  push(renewal: Waiting): void {
    this.waiting.push(renewal);
    this.bytes += renewal.bytes;
  }

  /** As many as go into one entry; at least one. */
  takeEntry(): readonly Waiting[] {
    let count = 0;
    let taken = 0;
    for (const { bytes } of this.waiting) {
      if (count === requestsMax || (count > 0 && taken + bytes > entryBytesMax)) break;
      count += 1;
      taken += bytes;
    }
    this.bytes -= taken;
    return this.waiting.splice(0, count);
  }
}

/** A body is JSON, so that none of its bytes takes more than two as a string inside of JSON. */
const boundOf = (body: string): number => Buffer.byteLength(body) * 2;
