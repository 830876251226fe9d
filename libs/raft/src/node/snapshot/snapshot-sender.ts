import type { NodeName, PartitionId } from '@metad/foundation';
import type { MessageOf } from '../../core/index.js';
import type { StoredSnapshot } from '../../storage/snapshot-port.js';
import type { NodeLimits, RaftNodeOptions } from '../node-options.js';
import type { Partition } from '../partition/partition.js';
import { decodeAnswer, encodeRequest } from './snapshot-frames.js';
import type { SnapshotAnswer, SnapshotRequest } from './snapshot-frames.js';

/** How often a transfer is offered again before the core is told that it failed. */
const attemptsMax = 5;

/** Told once for each `send`. */
export type TransferDone = (partition: Partition, peer: NodeName, delivered: boolean) => void;

interface Transfer {
  readonly partition: Partition;
  readonly message: MessageOf<'installSnapshot'>;
}

/**
 * Brings the newest snapshot of a partition to a peer that fell behind the log. A few transfers at
 * a time, one chunk of each under way, the next one a turn after the answer: normal traffic keeps
 * its latency. A transfer that breaks off goes on where the receiver stands.
 */
export class SnapshotSender {
  private readonly queue: Transfer[] = [];
  private readonly underWay = new Set<string>();
  private sending = 0;

  constructor(
    private readonly options: RaftNodeOptions,
    private readonly limits: NodeLimits,
    private readonly onDone: TransferDone,
  ) {}

  send(partition: Partition, message: MessageOf<'installSnapshot'>): void {
    const key = `${partition.id}>${message.to}`;
    if (this.underWay.has(key)) return; // The core will hear of the one that is under way.
    this.underWay.add(key);
    this.queue.push({ partition, message });
    this.next();
  }

  private next(): void {
    if (this.sending >= this.limits.snapshotSendsMax) return;
    const transfer = this.queue.shift();
    if (transfer === undefined) return;
    const { partition, message } = transfer;
    this.sending += 1;
    void this.deliver(transfer).then((delivered) => {
      this.sending -= 1;
      this.underWay.delete(`${partition.id}>${message.to}`);
      this.onDone(partition, message.to, delivered);
      this.next();
    });
  }

  /** Never rejects. */
  private async deliver(transfer: Transfer): Promise<boolean> {
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const { partition, message } = transfer;
      if (partition.role !== 'leader' || partition.term !== message.term) return false;
      const snapshot = this.options.snapshots.latest(partition.id);
      if (snapshot === null) return false;
      try {
        if (await this.attempt(transfer, snapshot)) return true;
      } catch {
        // A damaged chunk or answer: the next attempt reads both anew.
      }
      await this.pause(this.limits.heartbeatMs * (attempt + 1));
    }
    return false;
  }

  private async attempt(transfer: Transfer, snapshot: StoredSnapshot): Promise<boolean> {
    const partition = transfer.partition.id;
    const { to, term } = transfer.message;
    const { checksum } = snapshot;
    let answer = await this.ask(to, { op: 'offer', partition, snapshot });
    while (answer?.status === 'next' && answer.next < snapshot.chunks) {
      const chunk = answer.next;
      const bytes = await this.chunk(partition, snapshot, chunk);
      if (bytes === null) return false;
      answer = await this.ask(to, { op: 'chunk', partition, checksum, chunk, bytes });
      if (answer?.status === 'next' && answer.next <= chunk) return false;
      await new Promise<void>((resolve) => this.options.turns.next(resolve));
    }
    if (answer?.status !== 'next') return false;
    const end = await this.ask(to, { op: 'finish', partition, checksum, term });
    return end?.status === 'next';
  }

  private chunk(
    partition: PartitionId,
    snapshot: StoredSnapshot,
    chunk: number,
  ): Promise<Uint8Array | null> {
    return this.options.snapshots.readChunk(partition, snapshot.meta.index, chunk);
  }

  /** Null when no answer came. Rejects when it cannot be read. */
  private async ask(to: NodeName, request: SnapshotRequest): Promise<SnapshotAnswer | null> {
    const { transport } = this.options;
    const timeoutMs = 5 * this.limits.electionMs; // The receiver syncs before it answers.
    const reply = await new Promise<Uint8Array | null>((resolve) => {
      transport.request(to, encodeRequest(request), timeoutMs, (_failure, answer) =>
        resolve(answer),
      );
    });
    return reply === null ? null : decodeAnswer(reply);
  }

  private pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.options.clock.after(delayMs, resolve);
    });
  }
}
