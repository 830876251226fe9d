import { recordPasses } from '../watch-filter.js';
import type { WatchMessages } from '../watch-message.js';
import type { WatchedPartitions, WatchedRecords } from '../watch-ports.js';
import type { Watcher } from './watcher.js';

const recordsPerSlice = 500;

/**
 * Sends every record that passes the filter, partition by partition, each as of one index, and
 * then where the watch goes on. Captured references are held until the partition has been sent.
 */
export async function sendSnapshot(
  watcher: Watcher,
  partitions: WatchedPartitions,
  records: WatchedRecords,
  messages: WatchMessages,
): Promise<void> {
  const { filter } = watcher;
  const positions: string[] = [];
  for (const partition of partitions.partitions()) {
    const image = records.capture(partition, filter.namespace, filter.kind);
    let sinceYield = 0;
    for (const record of image.records) {
      if (filter.id !== null && records.idOf(record.kind, record.key) !== filter.id) continue;
      if (!recordPasses(filter, record)) continue;
      if (!watcher.hasRoom) await watcher.untilRoom();
      if (watcher.ended) return;
      watcher.send(messages.snapshot(record, partition, image.index));
      sinceYield += 1;
      if (sinceYield % recordsPerSlice === 0) await turn();
    }
    watcher.behind.set(partition, { cursor: image.index, previous: image.index });
    positions.push(messages.position(partition, image.index));
  }
  watcher.send(messages.snapshotEnd(positions.join(',')), true);
}

/** Lets the event loop serve others between slices. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
