import { logIndex, type LogIndex, type PartitionId } from '@metad/foundation';
import { ArchiveGap, type Archive, type Entry, type NodeLog } from '@metad/raft';

const runBytes = 256 * 1024;
/** Reads that are gone on with; beyond it the one unused longest is begun anew. */
const readersMax = 16;

interface Reader {
  readonly runs: AsyncGenerator<readonly Entry[]>;
  /** The index that its next run begins with. */
  next: LogIndex;
}

/** Committed entries on their way out of the log, and back for replays. */
export class NodeArchive {
  private readonly readers = new Map<PartitionId, Reader>();

  constructor(
    private readonly archive: Archive,
    private readonly log: NodeLog,
  ) {}

  /** Takes over what the log is about to drop, durably, up to and with `upTo`. */
  async takeOver(partition: PartitionId, upTo: LogIndex): Promise<void> {
    const stored = this.log.partition(partition);
    const from = Math.max(this.archive.lastIndex(partition) + 1, stored.firstIndex());
    if (from > upTo) return;
    await this.archive.write(partition, this.runs(partition, logIndex(from), upTo));
    await this.archive.prune();
  }

  /** The run that begins with `from`; null when the archive does not hold it. */
  async read(partition: PartitionId, from: LogIndex): Promise<readonly Entry[] | null> {
    let reader = this.readers.get(partition);
    if (reader?.next !== from) {
      await reader?.runs.return(undefined);
      reader = { runs: this.archive.read(partition, from), next: from };
    }
    this.readers.delete(partition);
    try {
      const { value, done } = await reader.runs.next();
      const run = done === true ? [] : value;
      const last = run.at(-1);
      if (last === undefined) return null;
      reader.next = logIndex(last.index + 1);
      this.keep(partition, reader);
      return run;
    } catch (error) {
      if (error instanceof ArchiveGap) return null;
      throw error;
    }
  }

  private keep(partition: PartitionId, reader: Reader): void {
    this.readers.set(partition, reader);
    if (this.readers.size <= readersMax) return;
    const [oldest] = this.readers;
    if (oldest === undefined) return;
    this.readers.delete(oldest[0]);
    void oldest[1].runs.return(undefined);
  }

  private async *runs(
    partition: PartitionId,
    from: LogIndex,
    upTo: LogIndex,
  ): AsyncGenerator<readonly Entry[]> {
    const stored = this.log.partition(partition);
    for (let next = from; next <= upTo;) {
      const run = stored.entries(next, logIndex(upTo + 1), runBytes);
      const last = run?.at(-1);
      if (run === null || last === undefined) throw new ArchiveGap(partition, next, null);
      yield run;
      next = logIndex(last.index + 1);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }
}
