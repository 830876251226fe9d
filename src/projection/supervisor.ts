import type { Fault, OrderedProcessor, ProjectionVersion } from '@metad/projection';
import type { ProjectionJobs } from './jobs/projection-jobs.js';
import type { ProjectionPorts } from './projection-ports.js';

const periodMs = 1_000;
/** Between two attempts to rebuild a projection that cannot go on by itself. */
const retryMs = 15_000;

const MENDED_BY_REBUILD: ReadonlySet<Fault['kind']> = new Set(['compacted', 'foreign', 'outdated']);

/**
 * Notices what the processor cannot mend by itself, tables that are of another history than the log
 * or too far behind it, and has them rebuilt; tells the log what the tables still need.
 */
export class Supervisor {
  private cancel: () => void = () => undefined;
  private turn: Promise<void> = Promise.resolve();
  private stopped = false;
  /** Monotonic time of the last automatic rebuild, by projection, and where it read from. */
  private readonly attempts = new Map<string, { at: number; source: 'log' | 'snapshot' }>();

  constructor(
    private readonly ports: ProjectionPorts,
    private readonly incarnation: string,
  ) {}

  /** Rows of another incarnation are of another history, however plausible their indexes. */
  async inspect(version: ProjectionVersion, incarnations: ReadonlySet<string>): Promise<void> {
    const other = [...incarnations].find((found) => found !== this.incarnation);
    if (other === undefined) return;
    const reason = `rows of incarnation ${other}, but the log is of ${this.incarnation}`;
    version.fault = { kind: 'foreign', reason };
  }

  start(processor: OrderedProcessor, jobs: ProjectionJobs): void {
    this.cancel = this.ports.clock.after(periodMs, () => {
      this.turn = this.supervise(processor, jobs)
        .catch((error: unknown) => this.ports.onTrouble('the tables were not supervised', error))
        .finally(() => {
          if (!this.stopped) this.start(processor, jobs);
        });
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.cancel();
    await this.turn;
  }

  private async supervise(processor: OrderedProcessor, jobs: ProjectionJobs): Promise<void> {
    this.hold(processor);
    await this.findAhead(processor);
    for (const { name } of processor.versions) {
      // Asked anew for each: while one rebuild began, another may have ended.
      const fault = processor.versions.find((version) => version.name === name)?.fault;
      if (!fault || !MENDED_BY_REBUILD.has(fault.kind) || jobs.isBusy(name)) continue;
      await this.rebuild(name, jobs);
    }
  }

  /** Compaction keeps what the slowest table still needs, up to the log's own budget. */
  private hold(processor: OrderedProcessor): void {
    for (const partition of this.ports.partitions()) {
      const reached = processor.versions.map(
        (v) => processor.watermark(v.name)?.at(partition) ?? 0,
      );
      this.ports.hold?.(partition, Math.min(...reached));
    }
  }

  /** A checkpoint beyond what the cluster has committed was never part of this log. */
  private async findAhead(processor: OrderedProcessor): Promise<void> {
    for (const partition of this.ports.partitions()) {
      const head = this.ports.source.head(partition);
      // Of the version itself: right after a switch the watermark is that of the one before.
      const at = (version: ProjectionVersion) => version.cursors.get(partition)?.index ?? 0;
      const ahead = processor.versions.filter((v) => !v.fault && at(v) > head);
      if (ahead.length === 0) continue;
      const committed = await this.ports.committed(partition);
      if (committed === null) continue;
      for (const version of ahead) {
        const index = at(version);
        if (index <= committed) continue;
        const rows = `rows up to index ${index} of partition ${partition}`;
        const reason = `${rows}, but the log ends at ${committed}`;
        version.fault = { kind: 'foreign', reason };
        this.ports.onTrouble(`projection ${version.name}: ${reason}`, null);
      }
    }
  }

  /** From the archive if it reaches back to the beginning, else from a snapshot, in turns. */
  private async rebuild(name: string, jobs: ProjectionJobs): Promise<void> {
    const last = this.attempts.get(name);
    const now = this.ports.clock.monotonic();
    if (last && now - last.at < retryMs && last.source === 'snapshot') return;
    const source = last?.source === 'log' ? 'snapshot' : 'log';
    this.attempts.set(name, { at: now, source });
    await jobs.rebuild(name, { source, throttle: null, activate: true, compareWithLive: false });
  }
}
