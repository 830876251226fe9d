import { logIndex, type Clock, type LogIndex, type PartitionId } from '@metad/foundation';
import { loadCursors } from '../checkpoint/checkpoint-store.js';
import type { Cursor } from '../checkpoint/checkpoint.js';
import { loadParked } from '../dead-letter/parked.js';
import type { SqlDatabase } from '../postgres/sql-database.js';
import { Batch } from '../processor/batch.js';
import { seal } from '../processor/batch-writer.js';
import { defaultBackOff, delay, deliver, describe, backOffMs } from '../processor/delivery.js';
import type { EntrySource } from '../processor/entry-source.js';
import { feedPartition, HandlerFailure } from '../processor/feed.js';
import type { OrderedProcessor } from '../processor/processor.js';
import { recordKey, type ProjectionVersion } from '../processor/projection-version.js';
import { failureOf } from '../postgres/sql-database.js';
import type { Pace } from './pace.js';
import { loadSnapshot } from './snapshot-load.js';
import { activateVersion } from './version-catalog.js';
import { verifyVersion, type RecordSource, type RecordsAt } from './verification.js';
import type { VerificationReport } from './verification.js';

/**
 * Builds one version of a projection beside the one in use, until both stand at the same index, and
 * then puts it in use. Every batch moves the version's own checkpoints, so that a run that was
 * killed goes on where it was. Partitions come one after another: a replay holds the state of one
 * partition, not of all.
 */
export interface RebuildPorts {
  readonly source: EntrySource & RebuildSource;
  readonly database: SqlDatabase;
  readonly processor: OrderedProcessor;
  readonly clock: Clock;
  readonly incarnation: string;
  partitions(): readonly PartitionId[];
}

export interface RebuildSource extends RecordSource {
  /** The newest snapshot's records; null when there is none. */
  atSnapshot(partition: PartitionId): Promise<RecordsAt | null>;
}

export interface RebuildOptions {
  /**
   * `log`: every entry from the beginning, archive included. `snapshot`: newest state, then log.
   */
  readonly source: 'log' | 'snapshot';
  readonly changesMax?: number;
  /** False when the version in use is not to be trusted, and so not compared with. */
  readonly compareWithLive?: boolean;
}

export interface RebuildProgress {
  /** Entries absorbed and entries there are, over all partitions. */
  readonly done: number;
  readonly total: number;
  readonly rows: number;
  readonly reason: string | null;
}

export interface RebuildReport {
  readonly verification: VerificationReport;
  /** Digest of the version in use against the new one at the same indexes; null: not compared. */
  readonly equalsLive: boolean | null;
  readonly activated: boolean;
}

/** What was built is not what it must be: it is kept for inspection and never put in use. */
export class VerificationFailed extends Error {
  override readonly name = 'VerificationFailed';

  constructor(readonly report: VerificationReport) {
    super(`version ${report.version} of ${report.projection} differs from the state machine`);
  }
}

/** A version that lacks no more than this is caught up while the live processor waits. */
const nearEntries = 1_000;

export class RebuildRun {
  private rows = 0;
  private waiting: string | null = null;

  constructor(
    private readonly ports: RebuildPorts,
    readonly version: ProjectionVersion,
    private readonly pace: Pace,
    private readonly options: RebuildOptions,
  ) {}

  progress(): RebuildProgress {
    const partitions = this.ports.partitions();
    const total = partitions.reduce((sum, p) => sum + this.ports.source.head(p), 0);
    const done = partitions.reduce((sum, p) => sum + (this.version.cursors.get(p)?.index ?? 0), 0);
    const reason = this.pace.isPaused ? 'paused' : this.waiting;
    return { done: Math.min(done, total), total, rows: this.rows, reason };
  }

  /** Reads the version's checkpoints and absorbs what the version in use has absorbed by then. */
  async build(): Promise<void> {
    await this.load();
    for (const partition of this.ports.partitions()) await this.fromSnapshot(partition);
    // The log moves on meanwhile: rounds get shorter until one finds next to nothing.
    let before: number;
    do {
      before = this.absorbed();
      for (const partition of this.ports.partitions()) await this.catchUp(partition);
    } while (this.absorbed() - before > nearEntries);
  }

  /** Compares rows, kept digest and state machine. Throws `VerificationFailed`. */
  async verify(): Promise<VerificationReport> {
    const report = await this.patiently(() => verifyVersion(this.ports, this.version));
    if (!report.equal) throw new VerificationFailed(report);
    return report;
  }

  /**
   * Puts the version in use, between two batches of the live processor: catches up to exactly where
   * the live tables stand, compares digests, switches. The live processor waits meanwhile (what is
   * left to catch up is small by then); queries do not. Tried again, with the processor running in
   * between, when a long query holds the views. Resolves with whether both versions were equal,
   * null if they were not compared.
   */
  activate(): Promise<boolean | null> {
    const { processor, database } = this.ports;
    return this.patiently(async () => {
      for (const partition of this.ports.partitions()) await this.catchUp(partition);
      return processor.exclusive(async () => {
        for (const partition of this.ports.partitions()) await this.catchUp(partition, false);
        const equal = this.equalsLive();
        await activateVersion(database, this.version);
        processor.replace(this.version);
        return equal;
      });
    });
  }

  /** A version that was begun before may have letters waiting: it takes up their order, too. */
  private async load(): Promise<void> {
    const { database, incarnation } = this.ports;
    await this.patiently(async () => {
      await loadCursors(database, this.version, this.ports.partitions(), incarnation);
      await loadParked(database, this.version);
    });
    if (this.version.fault) throw new Error(this.version.fault.reason);
  }

  private absorbed(): number {
    return [...this.version.cursors.values()].reduce((sum, cursor) => sum + cursor.index, 0);
  }

  private async fromSnapshot(partition: PartitionId): Promise<void> {
    const cursor = this.version.cursors.get(partition);
    if (this.options.source !== 'snapshot' || !cursor || cursor.index > 0) return;
    const state = await this.ports.source.atSnapshot(partition);
    if (!state) return;
    await loadSnapshot(this.ports.database, this.version, cursor, state, {
      changesMax: this.options.changesMax ?? 2_000,
      write: (batch) => this.write(batch),
      turn: () => this.pace.turn(),
    });
  }

  /** How far a partition is absorbed: never past the tables it will be compared with. */
  private limit(partition: PartitionId): LogIndex {
    const live = this.live();
    if (this.options.compareWithLive === false || !live || live.fault) {
      return this.ports.source.head(partition);
    }
    return live.cursors.get(partition)?.index ?? logIndex(0);
  }

  private live(): ProjectionVersion | undefined {
    return this.ports.processor.versions.find((version) => version.name === this.version.name);
  }

  /** Unpaced while the live processor waits. */
  private async catchUp(partition: PartitionId, paced = true): Promise<void> {
    let writing: Promise<void> = Promise.resolve();
    try {
      for (;;) {
        if (paced) await this.pace.turn();
        const batch = await this.gather(partition, writing);
        await writing;
        if (batch.isEmpty) return;
        writing = this.write(batch);
        // Awaited in the next round; a failure meanwhile is not unhandled.
        writing.catch(() => undefined);
      }
    } finally {
      await writing;
    }
  }

  /** `writing` is the batch before, which must be in the tables before checkpoints are read. */
  private async gather(partition: PartitionId, writing: Promise<void>): Promise<Batch> {
    const changesMax = this.options.changesMax ?? 2_000;
    const limit = (): LogIndex => this.limit(partition);
    for (;;) {
      const batch = new Batch();
      try {
        const limits = { changesMax, readEntriesMax: 512, limit };
        while (batch.changes < changesMax && batch.entries < changesMax * 4) {
          const { source } = this.ports;
          if (!(await feedPartition(source, partition, [this.version], batch, limits))) break;
        }
        return batch;
      } catch (error) {
        if (!(error instanceof HandlerFailure) || error.version.definition.onFailure === 'halt') {
          throw error;
        }
        this.version.parked.set(recordKey(error.change), error.message);
        await writing;
        await this.load();
      }
    }
  }

  private async write(batch: Batch): Promise<void> {
    await deliver(
      {
        ...this.ports,
        backOff: defaultBackOff,
        isStopped: () => this.pace.isEnding,
        onWaiting: (reason) => {
          this.waiting = reason;
        },
      },
      seal(batch),
    );
    this.rows += batch.changes;
    this.pace.spend(batch.changes);
  }

  private equalsLive(): boolean | null {
    const live = this.live();
    if (this.options.compareWithLive === false || !live || live.fault) return null;
    return [...this.version.cursors.values()].every((cursor: Cursor) => {
      const other = live.cursors.get(cursor.partition);
      return other?.index === cursor.index && other.digest.equals(cursor.digest);
    });
  }

  /** Tries again while the database is away or a lock is held; pause and cancel end the wait. */
  private async patiently<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const result = await work();
        this.waiting = null;
        return result;
      } catch (error) {
        if (failureOf(error) !== 'unavailable' || !isSqlTrouble(error)) throw error;
        this.waiting = describe(error);
        await delay(this.ports.clock, backOffMs(defaultBackOff, attempt));
        await this.pace.turn();
      }
    }
  }
}

/** Our own errors carry no code and must not be taken for a lost connection. */
const isSqlTrouble = (error: unknown): boolean =>
  typeof (error as { readonly code?: unknown }).code === 'string' ||
  /connect|terminat|timeout/i.test((error as Error).message);
