import { MetadError } from '@metad/contract';
import type { LogIndex, NodeName, PartitionId, Term } from '@metad/foundation';
import type { LeaderChange, ProposalObserver, RaftNode } from '@metad/raft';
import { AwaitedProposal, droppedError } from './proposal-outcome.js';

/**
 * Propose and await; read barriers; who leads. The only door between the service and the Raft node.
 */
export class Consensus {
  /** Partitions that this node serves as leader, with the term it leads in. */
  private readonly led = new Map<PartitionId, Term>();

  constructor(readonly node: RaftNode) {
    node.onLeaderChange((change) => this.follow(change));
  }

  /** True while this node leads the partition and has applied the no-op of its term. */
  serves(partition: PartitionId): boolean {
    return this.led.has(partition);
  }

  ledPartitions(): PartitionId[] {
    return [...this.led.keys()].sort((a, b) => a - b);
  }

  /** The term this node leads the partition in, or null. */
  termOf(partition: PartitionId): Term | null {
    return this.led.get(partition) ?? null;
  }

  leaderOf(partition: PartitionId): NodeName | null {
    return this.node.leaderOf(partition);
  }

  /**
   * Resolves with what the state machine returned once the entry is committed and applied here.
   * Rejects with a definite MetadError when it surely never will be, else OUTCOME_UNKNOWN.
   */
  propose<R>(partition: PartitionId, data: Uint8Array, attachment?: unknown): Promise<R> {
    const awaited = new AwaitedProposal<R>(partition);
    this.node.propose(partition, data, awaited, attachment);
    return awaited.promise;
  }

  /** `propose` without a promise: `observer` learns what became of it. */
  submit(
    partition: PartitionId,
    data: Uint8Array,
    observer: ProposalObserver,
    attachment: unknown,
  ): void {
    this.node.propose(partition, data, observer, attachment);
  }

  /**
   * Waits until this node has applied everything that was acknowledged anywhere before the call
   * (ReadIndex, thesis §6.4). Returns the index applied. Throws NO_LEADER, POSITION_NOT_REACHED.
   */
  async linearize(partition: PartitionId, timeoutMs: number): Promise<LogIndex> {
    const index = await this.readIndex(partition, timeoutMs);
    await this.reach(partition, index, timeoutMs);
    return index;
  }

  async readIndex(partition: PartitionId, timeoutMs: number): Promise<LogIndex> {
    try {
      return await this.node.readIndex(partition, timeoutMs);
    } catch {
      throw droppedError(partition, 'noLeader', this.leaderOf(partition));
    }
  }

  /** Waits until this node has applied `index`. Throws POSITION_NOT_REACHED at the time-out. */
  async reach(partition: PartitionId, index: LogIndex, timeoutMs: number): Promise<void> {
    if (await this.node.waitApplied(partition, index, timeoutMs)) return;
    throw new MetadError(
      'POSITION_NOT_REACHED',
      `this node has not applied index ${index} of partition ${partition} within ${timeoutMs} ms`,
      { partition, index, retryAfterMs: 100 },
    );
  }

  private follow({ partition, serving, term }: LeaderChange): void {
    if (serving) this.led.set(partition, term);
    else this.led.delete(partition);
  }
}
