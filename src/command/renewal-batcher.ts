import type { PartitionId } from '@metad/foundation';
import { unknownError } from '../consensus/proposal-outcome.js';
import type { ApplyResult } from '../decide/index.js';

/** Renewals in one entry; more wait for the next. */
const requestsMax = 256;

interface Waiting {
  readonly namespace: string;
  readonly body: string;
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
 * what arrives meanwhile goes with the next. Bounded by the limit of commands in flight.
 */
export class RenewalBatcher {
  private readonly queues = new Map<PartitionId, Waiting[]>();
  private readonly busy = new Set<PartitionId>();

  constructor(private readonly propose: ProposeRenewals) {}

  renew(partition: PartitionId, namespace: string, body: string): Promise<ApplyResult> {
    return new Promise((resolve, reject) => {
      const queue = this.queues.get(partition) ?? [];
      queue.push({ namespace, body, resolve, reject });
      this.queues.set(partition, queue);
      if (!this.busy.has(partition)) {
        this.busy.add(partition);
        // In the next turn: what arrived in this one goes along.
        setImmediate(() => void this.work(partition));
      }
    });
  }

  private async work(partition: PartitionId): Promise<void> {
    const queue = this.queues.get(partition) ?? [];
    while (queue.length > 0) await this.send(partition, queue.splice(0, requestsMax));
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
