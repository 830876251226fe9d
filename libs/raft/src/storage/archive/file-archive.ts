import { invariant, logIndex } from '@metad/foundation';
import type { Clock, LogIndex, PartitionId } from '@metad/foundation';
import type { Entry } from '../../core/index.js';
import { ArchiveGap } from '../archive-port.js';
import type { Archive, ArchiveRange, ArchiveStats } from '../archive-port.js';
import { realFileSystem } from '../disk/real-file-system.js';
import type { DiskFile, FileSystem } from '../file-system-port.js';
import {
  archivedIn,
  archiveHeader,
  archiveName,
  packBlock,
  readArchiveFile,
} from './archive-file.js';

export interface ArchiveOptions {
  /** The node's data directory; the archive lives in `archive/` below it. */
  readonly directory: string;
  readonly clock: Clock;
  /** For ever, or for so many milliseconds after an entry was archived. */
  readonly retention: 'keep' | number;
  readonly fileSystem?: FileSystem;
}

interface ArchivedFile extends ArchiveRange {
  readonly name: string;
  readonly writtenAt: number;
  readonly bytes: number;
}

/**
 * Opens the archive of a data directory. It is opened before the log that locks the directory, so
 * nothing is changed before the first write.
 */
export function openArchive(options: ArchiveOptions): FileArchive {
  return new FileArchive(options.fileSystem ?? realFileSystem, options);
}

/** One file for each compaction: `p<partition>.<first>-<last>.<written at>.arc`. */
export class FileArchive implements Archive {
  private readonly directory: string;
  private readonly files = new Map<PartitionId, ArchivedFile[]>();
  private temporaries = 0;

  constructor(
    private readonly fileSystem: FileSystem,
    private readonly options: ArchiveOptions,
  ) {
    this.directory = `${options.directory}/archive`;
    for (const name of fileSystem.list(this.directory)) {
      const found = archivedIn(name);
      if (found === null) continue;
      const file = this.fileSystem.open(`${this.directory}/${name}`, 'read');
      const bytes = file.size();
      file.close();
      this.note(found.partition, { name, bytes, ...found });
    }
  }

  private note(partition: PartitionId, file: ArchivedFile): void {
    const files = this.files.get(partition) ?? [];
    files.push(file);
    files.sort((a, b) => a.first - b.first);
    this.files.set(partition, files);
  }

  private of(partition: PartitionId): readonly ArchivedFile[] {
    return this.files.get(partition) ?? [];
  }

  lastIndex(partition: PartitionId): LogIndex {
    return logIndex(this.of(partition).reduce((last, file) => Math.max(last, file.last), 0));
  }

  ranges(partition: PartitionId): readonly ArchiveRange[] {
    const ranges: { first: LogIndex; last: LogIndex }[] = [];
    for (const { first, last } of this.of(partition)) {
      const before = ranges.at(-1);
      if (before === undefined || first > before.last + 1) ranges.push({ first, last });
      else if (last > before.last) before.last = last;
    }
    return ranges;
  }

  async write(partition: PartitionId, runs: AsyncIterable<readonly Entry[]>): Promise<void> {
    if (this.temporaries === 0) this.sweep();
    this.temporaries += 1;
    const temporary = `${this.directory}/p${partition}.${this.temporaries}.tmp`;
    const file = this.fileSystem.open(temporary, 'create');
    try {
      const written = await this.fill(file, partition, runs);
      file.close();
      if (written === null) {
        this.fileSystem.remove(temporary);
        return;
      }
      const writtenAt = Math.max(0, Math.floor(this.options.clock.now()));
      const name = archiveName({ partition, writtenAt, ...written });
      this.fileSystem.rename(temporary, `${this.directory}/${name}`);
      await this.fileSystem.syncDirectory(this.directory);
      this.note(partition, { name, writtenAt, ...written });
    } catch (fault) {
      file.close();
      this.fileSystem.remove(temporary);
      throw fault;
    }
  }

  /** What the last life was writing when it ended. */
  private sweep(): void {
    this.fileSystem.ensureDirectory(this.directory);
    for (const name of this.fileSystem.list(this.directory)) {
      if (name.endsWith('.tmp')) this.fileSystem.remove(`${this.directory}/${name}`);
    }
  }

  private async fill(
    file: DiskFile,
    partition: PartitionId,
    runs: AsyncIterable<readonly Entry[]>,
  ): Promise<{ first: LogIndex; last: LogIndex; bytes: number } | null> {
    const header = archiveHeader(partition);
    file.write(header, 0);
    let offset = header.length;
    let first: LogIndex | null = null;
    let last = logIndex(0);
    for await (const run of runs) {
      const [head] = run;
      if (head === undefined) continue;
      invariant(first === null || head.index === last + 1, 'an archive file has no holes');
      first ??= head.index;
      last = logIndex(head.index + run.length - 1);
      const block = await packBlock(run);
      file.write(block, offset);
      offset += block.length;
    }
    if (first === null) return null;
    await file.sync();
    return { first, last, bytes: offset };
  }

  async *read(partition: PartitionId, from: LogIndex): AsyncGenerator<readonly Entry[]> {
    let next: number = from;
    for (const found of [...this.of(partition)]) {
      if (found.last < next) continue;
      if (found.first > next) throw new ArchiveGap(partition, logIndex(next), found.first);
      const path = `${this.directory}/${found.name}`;
      const file = this.fileSystem.open(path, 'read');
      try {
        for await (const run of readArchiveFile(file, { ...found, path, partition })) {
          const wanted = run.filter((entry) => entry.index >= next);
          if (wanted.length === 0) continue;
          next += wanted.length;
          yield wanted;
        }
      } finally {
        file.close();
      }
    }
    if (next === from) throw new ArchiveGap(partition, from, null);
  }

  async prune(): Promise<number> {
    const { retention, clock } = this.options;
    if (retention === 'keep') return 0;
    const oldest = clock.now() - retention;
    let removed = 0;
    for (const [partition, files] of this.files) {
      const kept = files.filter((file) => file.writtenAt >= oldest);
      for (const file of files) {
        if (file.writtenAt >= oldest) continue;
        this.fileSystem.remove(`${this.directory}/${file.name}`);
        removed += 1;
      }
      this.files.set(partition, kept);
    }
    if (removed > 0) await this.fileSystem.syncDirectory(this.directory);
    return removed;
  }

  stats(): ArchiveStats {
    let files = 0;
    let bytes = 0;
    for (const list of this.files.values()) {
      files += list.length;
      for (const file of list) bytes += file.bytes;
    }
    return { files, bytes };
  }
}
