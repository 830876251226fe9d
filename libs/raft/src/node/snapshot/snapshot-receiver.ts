import type { NodeName, PartitionId } from '@metad/foundation';
import type { MessageOf } from '../../core/index.js';
import type {
  SnapshotReceipt,
  SnapshotStore,
  StoredSnapshot,
} from '../../storage/snapshot-port.js';
import { decodeRequest, encodeAnswer } from './snapshot-frames.js';
import type { SnapshotAnswer, SnapshotRequest } from './snapshot-frames.js';

/** Receipts that are open at the same time; further offers are refused and come again. */
const receiptsMax = 4;
/** A receipt that takes nothing in while so many offers are refused for it is given up. */
const passedOverMax = 16;

interface OpenReceipt {
  readonly snapshot: StoredSnapshot;
  readonly receipt: SnapshotReceipt;
  next: number;
  /** Offers for others that were refused since it took something in. */
  passedOver: number;
}

export interface ReceiverHost {
  readonly self: NodeName;
  /** True when this node has a replica that could use a snapshot at that index now. */
  wants(partition: PartitionId, snapshot: StoredSnapshot): boolean;
  /** The snapshot is complete and durable: let the core decide about it. */
  onReceived(partition: PartitionId, message: MessageOf<'installSnapshot'>): void;
}

const REFUSED: SnapshotAnswer = { status: 'refused', next: 0 };

/** Takes snapshots in, one request at a time for each partition. */
export class SnapshotReceiver {
  private readonly open = new Map<PartitionId, OpenReceipt>();
  private readonly busy = new Set<PartitionId>();

  constructor(
    private readonly store: SnapshotStore,
    private readonly host: ReceiverHost,
  ) {}

  onFrame(from: NodeName, frame: Uint8Array, respond: (reply: Uint8Array) => void): void {
    const request = decodeRequest(frame);
    const { partition } = request;
    // The sender waits for each answer, so a second request is a duplicate, or another sender.
    if (this.busy.has(partition)) {
      respond(encodeAnswer(REFUSED));
      return;
    }
    this.busy.add(partition);
    void this.handle(from, request)
      .catch(() => this.giveUp(partition))
      .then((answer) => {
        this.busy.delete(partition);
        respond(encodeAnswer(answer));
      });
  }

  private handle(from: NodeName, request: SnapshotRequest): Promise<SnapshotAnswer> {
    switch (request.op) {
      case 'offer':
        return this.onOffer(request.partition, request.snapshot);
      case 'chunk':
        return this.onChunk(request);
      case 'finish':
        return this.onFinish(from, request);
    }
  }

  private async onOffer(partition: PartitionId, snapshot: StoredSnapshot): Promise<SnapshotAnswer> {
    if (!this.host.wants(partition, snapshot)) return REFUSED;
    const before = this.open.get(partition);
    if (before?.snapshot.checksum === snapshot.checksum) return nextOf(before);
    if (before !== undefined) await this.giveUp(partition);
    if (this.open.size >= receiptsMax) await this.makeRoom();
    if (this.open.size >= receiptsMax) return REFUSED;
    const receipt = await this.store.receive(partition, snapshot);
    const opened = { snapshot, receipt, next: receipt.held, passedOver: 0 };
    this.open.set(partition, opened);
    return nextOf(opened);
  }

  private async onChunk(
    request: Extract<SnapshotRequest, { op: 'chunk' }>,
  ): Promise<SnapshotAnswer> {
    const opened = this.open.get(request.partition);
    if (opened?.snapshot.checksum !== request.checksum) return REFUSED;
    if (request.chunk !== opened.next) return nextOf(opened);
    await opened.receipt.put(request.chunk, new Uint8Array(request.bytes));
    opened.next += 1;
    opened.passedOver = 0;
    return nextOf(opened);
  }

  private async onFinish(
    from: NodeName,
    request: Extract<SnapshotRequest, { op: 'finish' }>,
  ): Promise<SnapshotAnswer> {
    const { partition, term } = request;
    const opened = this.open.get(partition);
    if (opened?.snapshot.checksum !== request.checksum) return REFUSED;
    if (opened.next < opened.snapshot.chunks) return nextOf(opened);
    if (!this.host.wants(partition, opened.snapshot)) return this.giveUp(partition);
    const { meta: snapshot } = await opened.receipt.finish();
    this.open.delete(partition);
    const to = this.host.self;
    this.host.onReceived(partition, { kind: 'installSnapshot', from, to, term, snapshot });
    return nextOf(opened);
  }

  /**
   * Gives up what nobody goes on with: whoever sent it leads no more, and the replica may have
   * caught up by its log.
   */
  private async makeRoom(): Promise<void> {
    for (const [partition, opened] of [...this.open]) {
      opened.passedOver += 1;
      if (this.busy.has(partition)) continue;
      const isNeeded = this.host.wants(partition, opened.snapshot);
      if (!isNeeded || opened.passedOver > passedOverMax) await this.giveUp(partition);
    }
  }

  /** Something is wrong with this receipt: forget it, the next offer begins anew. */
  private async giveUp(partition: PartitionId): Promise<SnapshotAnswer> {
    const opened = this.open.get(partition);
    this.open.delete(partition);
    await opened?.receipt.abandon().catch(() => undefined);
    return REFUSED;
  }
}

const nextOf = (opened: OpenReceipt): SnapshotAnswer => ({ status: 'next', next: opened.next });
