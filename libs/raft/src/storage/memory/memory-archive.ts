import { logIndex } from '@metad/foundation';
import type { LogIndex, PartitionId } from '@metad/foundation';
import type { Entry } from '../../core/index.js';
import { ArchiveGap } from '../archive-port.js';
import type { Archive, ArchiveRange, ArchiveStats } from '../archive-port.js';

const RUN_ENTRIES = 64;

/** An archive without a disk, for tests and demonstrations; keeps everything. */
export class MemoryArchive implements Archive {
  private readonly held = new Map<PartitionId, Map<number, Entry>>();

  private indexes(partition: PartitionId): number[] {
    return [...(this.held.get(partition)?.keys() ?? [])].sort((a, b) => a - b);
  }

  lastIndex(partition: PartitionId): LogIndex {
    return logIndex(this.indexes(partition).at(-1) ?? 0);
  }

  ranges(partition: PartitionId): readonly ArchiveRange[] {
    const ranges: { first: LogIndex; last: LogIndex }[] = [];
    for (const at of this.indexes(partition)) {
      const index = logIndex(at);
      const before = ranges.at(-1);
      if (before === undefined || index > before.last + 1) {
        ranges.push({ first: index, last: index });
      } else {
        before.last = index;
      }
    }
    return ranges;
  }

  async write(partition: PartitionId, runs: AsyncIterable<readonly Entry[]>): Promise<void> {
    const entries: Entry[] = [];
    for await (const run of runs) entries.push(...run);
    const held = this.held.get(partition) ?? new Map<number, Entry>();
    this.held.set(partition, held);
    for (const entry of entries) held.set(entry.index, entry);
  }

  async *read(partition: PartitionId, from: LogIndex): AsyncGenerator<readonly Entry[]> {
    const indexes = this.indexes(partition).filter((index) => index >= from);
    let next: number = from;
    for (let at = 0; at < indexes.length; at += RUN_ENTRIES) {
      const run: Entry[] = [];
      for (const index of indexes.slice(at, at + RUN_ENTRIES)) {
        if (index !== next) {
          if (run.length > 0) yield run;
          throw new ArchiveGap(partition, logIndex(next), logIndex(index));
        }
        run.push(this.held.get(partition)?.get(index) as Entry);
        next += 1;
      }
      yield run;
    }
    if (next === from) throw new ArchiveGap(partition, from, null);
  }

  async prune(): Promise<number> {
    return 0;
  }

  stats(): ArchiveStats {
    return { files: this.held.size, bytes: 0 };
  }
}
