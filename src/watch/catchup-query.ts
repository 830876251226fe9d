import { LIMITS, MetadError, type QueryReply } from '@metad/contract';
import { logIndex, type PartitionId } from '@metad/foundation';
import { z } from 'zod';
import { faultsOf } from '../command/command-envelope.js';
import { invalidArgument } from '../command/request-body.js';
import { PositionCompacted, type EventSource } from '../dispatch/event-source.js';
import { catchupParams } from '../query/shared-queries.js';
import { changePasses, parseFilter, type WatchFilter } from './watch-filter.js';
import type { WatchMessages } from './watch-message.js';
import type { WatchedPartitions, WatchedRecords } from './watch-ports.js';
import { parseStart, startIn, type WatchStart } from './watch-request.js';

const entriesPerRead = 256;
/** Entries looked at in one request, so that a narrow filter does not keep a node busy. */
const scannedMax = 10_000;

const requestSchema = z.object({
  params: catchupParams,
  limit: z.int().min(1).max(LIMITS.pageItemsMax).default(100),
  cursor: z.string().optional(),
});

interface Page {
  readonly items: Record<string, unknown>[];
  readonly limit: number;
  readonly reached: Map<PartitionId, number>;
  bytes: number;
  scanned: number;
}

/**
 * `Catchup {after, filter?}`: the events after a position, a page at a time, for whoever follows
 * the plain event feed and has missed some. Ordered within each partition. While there is more the
 * reply has a `cursor`; its `position` is where to go on in any case.
 */
export class CatchupQuery {
  constructor(
    private readonly source: EventSource,
    private readonly partitions: WatchedPartitions,
    private readonly records: WatchedRecords,
    private readonly messages: WatchMessages,
  ) {}

  /** Throws INVALID_ARGUMENT, INCARNATION_CHANGED, POSITION_COMPACTED. */
  async execute(namespace: string, request: object): Promise<QueryReply> {
    const parsed = requestSchema.safeParse(request);
    if (!parsed.success) throw invalidArgument(faultsOf(parsed.error, ''));
    const { params, limit, cursor } = parsed.data;
    const after = cursor ?? params.after;
    if (after === undefined) {
      throw invalidArgument([{ field: 'params.after', reason: 'is required' }]);
    }
    const start = parseStart(after, this.partitions.incarnation());
    const filter = parseFilter(namespace, params.filter);
    const page: Page = { items: [], limit, reached: new Map(), bytes: 0, scanned: 0 };
    let complete = true;
    for (const partition of this.partitions.partitions()) {
      complete = (await this.readPartition(partition, start, filter, page)) && complete;
    }
    const position = [...page.reached].map(([id, index]) => this.messages.position(id, index));
    const joined = position.join(',');
    const more = complete ? {} : { cursor: joined };
    return { items: page.items, position: joined, lagMs: 0, ...more };
  }

  /** True if the partition was read to its head. */
  private async readPartition(
    partition: PartitionId,
    start: WatchStart,
    filter: WatchFilter,
    page: Page,
  ): Promise<boolean> {
    const head = this.source.head(partition);
    let index = typeof start === 'string' ? head : (startIn(partition, start) ?? head);
    page.reached.set(partition, index);
    while (index < head) {
      if (isFull(page)) return false;
      for (const entry of await this.entriesAfter(partition, index)) {
        if (isFull(page)) return false;
        for (const change of entry.changes) {
          if (!changePasses(filter, change, this.records)) continue;
          const { bytes } = this.messages.liveText(entry, change);
          page.items.push(JSON.parse(bytes.toString()) as Record<string, unknown>);
          page.bytes += bytes.length;
        }
        page.scanned += 1;
        index = entry.index;
        page.reached.set(partition, index);
      }
    }
    return true;
  }

  private async entriesAfter(partition: PartitionId, index: number) {
    try {
      return await this.source.read(partition, logIndex(index), entriesPerRead);
    } catch (error) {
      if (!(error instanceof PositionCompacted)) throw error;
      const lowest = await this.source.lowestCursor(partition);
      const available = this.messages.position(partition, lowest);
      const message =
        `what follows the position in partition ${partition} is gone up to ${available}: ` +
        'read the records, or go on from there with a hole';
      throw new MetadError('POSITION_COMPACTED', message, { partition, available });
    }
  }
}

const isFull = ({ items, limit, bytes, scanned }: Page): boolean =>
  items.length >= limit || bytes >= LIMITS.pageBytesMax || scanned >= scannedMax;
