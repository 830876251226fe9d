import { logIndex, type LogIndex, type PartitionId } from '@metad/foundation';
import { ArchiveGap, type Archive, type Entry } from '@metad/raft';

/** Reads that are gone on with; beyond it the one unused longest is begun anew. */
const readersMax = 16;

interface Reader {
  readonly runs: AsyncGenerator<readonly Entry[]>;
  /** The index that its next run begins with. */
  next: LogIndex;
}

/** Reads committed entries that have left the log, run by run, for replays. */
export class ArchiveReader {
  private readonly readers = new Map<PartitionId, Reader>();

  constructor(private readonly archive: Archive) {}

  /** The run that begins with `from`; null when the archive does not hold it. */
  async read(partition: PartitionId, from: LogIndex): Promise<readonly Entry[] | null> {
    let reader = this.readers.get(partition);
    if (reader?.next !== from) {
      await reader?.runs.return(undefined);
      reader = { runs: this.archive.read(partition, from), next: from };
    }
    this.readers.delete(partition);
    try {
      const step = await reader.runs.next();
      const run: readonly Entry[] = step.done === true ? [] : step.value;
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
}
