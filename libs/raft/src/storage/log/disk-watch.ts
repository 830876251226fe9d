import type { Clock } from '@metad/foundation';
import type { FileSystem } from '../file-system-port.js';

export interface DiskLimits {
  /** The log may take so many bytes before commands that grow state are refused; 0: no limit. */
  readonly logBytesMax: number;
  /** So many bytes must stay free on the file system. */
  readonly freeBytesMin: number;
}

const MEASURE_EVERY_MS = 1000;
/** Full ends when use is back at this part of the limit, so that it does not flicker. */
const RELIEF = 0.9;

/**
 * Says when the disk is full enough to refuse growth, well before writes fail: what is left is for
 * deletes, administration, snapshots and compaction, which bring space back.
 */
export class DiskWatch {
  private full = false;
  private measuredAt = -Infinity;

  constructor(
    private readonly fileSystem: FileSystem,
    private readonly directory: string,
    private readonly clock: Clock,
    private readonly limits: DiskLimits,
    private readonly logBytes: () => number,
  ) {}

  /** Measures at most once a second; between that it answers from memory. */
  isFull(): boolean {
    const now = this.clock.monotonic();
    if (now - this.measuredAt < MEASURE_EVERY_MS) return this.full;
    this.measuredAt = now;
    const { logBytesMax, freeBytesMin } = this.limits;
    const relief = this.full ? RELIEF : 1;
    const free = this.fileSystem.freeBytes(this.directory);
    const overLog = logBytesMax > 0 && this.logBytes() > logBytesMax * relief;
    this.full = overLog || free * relief < freeBytesMin;
    return this.full;
  }
}
