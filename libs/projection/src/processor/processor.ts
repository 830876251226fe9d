import type { AppliedEntry } from '@metad/eventsourcing';
import type { Clock, PartitionId } from '@metad/foundation';
import { Batch } from './batch.js';
import { seal } from './batch-writer.js';
import { FencedError, type Checkpoint } from '../checkpoint/checkpoint.js';
import { loadCursors } from '../checkpoint/checkpoint-store.js';
import { loadParked } from '../dead-letter/parked.js';
import { backOffMs, delay, deliver, describe, isTooSlow } from './delivery.js';
import type { EntrySource } from './entry-source.js';
import { feedPartition, HandlerFailure, lowestAt, lowestIndex } from './feed.js';
import type { FeedLimits, Limit } from './feed.js';
import { LagMeter } from './lag-meter.js';
import { defaultProcessorOptions, type ProcessorOptions } from './processor-options.js';
import { recordKey, type ProjectionVersion } from './projection-version.js';
import type { SqlDatabase } from '../postgres/sql-database.js';
import { Slices } from './slices.js';
import { Watermark } from './watermark.js';

export interface ProcessorPorts {
  readonly source: EntrySource;
  readonly database: SqlDatabase;
  readonly clock: Clock;
  readonly incarnation: string;
  partitions(): readonly PartitionId[];
  /** Compares loaded checkpoints with the log, and sets the fault of versions that do not fit. */
  inspect?(version: ProjectionVersion, incarnations: ReadonlySet<string>): Promise<void>;
  /** True for the source's error that what follows a cursor is gone. */
  isCompacted?(error: unknown): boolean;
  /** Entries whose rows are in the database now, in order per partition. Must not throw. */
  onWritten?(entries: readonly AppliedEntry[]): void;
  /** False while nobody wants `onWritten`: entries are then not kept for it. */
  isCollecting?(): boolean;
  /** A failure that an operator should read, once per occurrence. */
  onTrouble?(reason: string, error: unknown): void;
}

export interface DurableCheckpoint {
  readonly partition: PartitionId;
  readonly checkpoint: Checkpoint;
}

export type ProcessorState = 'starting' | 'running' | 'waiting' | 'fenced' | 'stopped';

/** Work that waits for the moment between two batches. */
interface Exclusive {
  readonly run: () => Promise<void>;
  readonly reject: (error: Error) => void;
}

/** A batch is not made smaller than this. */
const changesMin = 16;

const stopping = (): Error => new Error('the projection processor is stopping');

/**
 * Moves the live versions of all projections along the log, for ever: gather a batch over many
 * partitions while the batch before it is being written, one transaction at a time. A batch is
 * written when it is full, when `gatherMs` have passed since the last one, or `lingerMs` if a
 * reader waits for rows: a single change is visible at once, load makes batches larger, and what a
 * batch costs by itself is shared by many changes.
 *
 * The database is the authority: the processor starts from its checkpoints, and reads them again
 * whenever it lost sight of them (fenced, failed handler). What it holds in memory is bounded by
 * two batches and one read.
 *
 * Missing: partitions are read one after another, so one slow replay holds up the others' rows (not
 * their commands).
 */
export class OrderedProcessor {
  state: ProcessorState = 'starting';
  reason: string | null = null;
  /** Monotonic time of the last sign of life of the loop. */
  heartbeat: number;
  private readonly watermarks = new Map<string, Watermark>();
  private readonly checkpoints = new Map<string, Map<PartitionId, Checkpoint>>();
  private readonly meters = new Map<string, LagMeter>();
  private readonly dirty = new Set<PartitionId>();
  private readonly exclusives: Exclusive[] = [];
  private wake: () => void = () => undefined;
  /** True while changes gather: a log that moves is no reason to wake up then. */
  private isGathering = false;
  /** True after a failure: neither a log that moves nor a reader is a reason to try sooner. */
  private isBackingOff = false;
  /** Failures since all that was there was written last. */
  private failures = 0;
  private stopped = false;
  private reload = true;
  private running: Promise<void> = Promise.resolve();
  private readonly options: ProcessorOptions;
  /** Of a batch: less than the option after a slow one, until batches are written in time again. */
  private changesMax: number;

  constructor(
    private readonly ports: ProcessorPorts,
    private live: readonly ProjectionVersion[],
    options: Partial<ProcessorOptions> = {},
  ) {
    this.options = { ...defaultProcessorOptions, ...options };
    this.changesMax = this.options.changesMax;
    this.heartbeat = ports.clock.monotonic();
    for (const { name } of live) {
      const watermark = new Watermark(ports.clock, () => this.hurry());
      this.watermarks.set(name, watermark);
      this.meters.set(name, new LagMeter(ports.source, watermark, ports.clock));
    }
  }

  get versions(): readonly ProjectionVersion[] {
    return this.live;
  }

  start(): void {
    const leave = this.ports.source.onAdvance((partition) => {
      this.dirty.add(partition);
      for (const meter of this.meters.values()) meter.advanced(partition);
      if (!this.isGathering) this.hurry();
    });
    this.running = this.run().finally(leave);
  }

  /** Finishes the batch being written; what is not projected yet is projected after the restart. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.running;
    this.state = 'stopped';
  }

  watermark(projection: string): Watermark | null {
    return this.watermarks.get(projection) ?? null;
  }

  /** The checkpoints that are in the database, as of the last batch. */
  durable(projection: string): readonly DurableCheckpoint[] {
    const checkpoints = this.checkpoints.get(projection) ?? new Map<PartitionId, Checkpoint>();
    return [...checkpoints].map(([partition, checkpoint]) => ({ partition, checkpoint }));
  }

  lag(projection: string): LagMeter | null {
    return this.meters.get(projection) ?? null;
  }

  /**
   * Runs `work` between two batches: no transaction is under way and cursors equal checkpoints.
   * Checkpoints are read again afterwards, so `work` may change them, and `replace` versions.
   */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.stopped) return reject(stopping());
      this.exclusives.push({ run: () => work().then(resolve, reject), reject });
      this.wake();
    });
  }

  /** Puts another version in place of the live one of the same name. Only inside `exclusive`. */
  replace(version: ProjectionVersion): void {
    this.live = this.live.map((live) => (live.name === version.name ? version : live));
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.load();
        await this.loop();
      } catch (error) {
        if (this.stopped) break;
        await this.recover(error);
      }
    }
    for (const { reject } of this.exclusives.splice(0)) reject(stopping());
  }

  /** Decides what a failure of the loop means; afterwards everything is read again. */
  private async recover(error: unknown): Promise<void> {
    this.reload = true;
    if (error instanceof HandlerFailure) return this.holdBack(error);
    if (isTooSlow(error)) this.changesMax = Math.max(changesMin, this.changesMax >> 1);
    const fenced = error instanceof FencedError;
    this.state = fenced ? 'fenced' : 'waiting';
    this.reason = describe(error);
    if (this.failures === 0) this.ports.onTrouble?.(this.reason, error);
    const { fencedMs, backOff } = this.options;
    const waitMs = fenced ? fencedMs : backOffMs(backOff, this.failures);
    this.failures += 1;
    this.isBackingOff = true;
    await this.sleep(waitMs);
    this.isBackingOff = false;
  }

  private holdBack(failure: HandlerFailure): void {
    const { version, change, message } = failure;
    this.ports.onTrouble?.(message, failure);
    if (version.definition.onFailure === 'park') version.parked.set(recordKey(change), message);
    else version.fault = { kind: 'handler', reason: message };
  }

  private async load(): Promise<void> {
    const { database, incarnation } = this.ports;
    const partitions = this.ports.partitions();
    for (const version of this.live) {
      const incarnations = await loadCursors(database, version, partitions, incarnation);
      await loadParked(database, version);
      await this.ports.inspect?.(version, incarnations);
    }
    this.publish();
    for (const partition of partitions) this.dirty.add(partition);
    this.reload = false;
    this.state = 'running';
    this.reason = null;
  }

  private async loop(): Promise<void> {
    let writing: Promise<void> = Promise.resolve();
    while (!this.stopped && !this.reload) {
      const batch = new Batch(this.ports.isCollecting?.() ?? this.ports.onWritten !== undefined);
      try {
        await this.gather(batch);
      } finally {
        // A failed gather must not leave a write without an owner.
        await writing;
      }
      this.heartbeat = this.ports.clock.monotonic();
      if (this.exclusives.length > 0) {
        await this.write(batch);
        await this.runExclusives();
        return;
      }
      // The batch before this one was written, and nothing is left that could fail like it.
      if (batch.isEmpty) this.failures = 0;
      writing = batch.isEmpty ? Promise.resolve() : this.write(batch);
      // It is awaited after the next gather; a failure meanwhile is not unhandled.
      writing.catch(() => undefined);
      if (!this.isFull(batch)) await this.idle(writing);
    }
    await writing;
  }

  private async runExclusives(): Promise<void> {
    for (const { run } of this.exclusives.splice(0)) await run();
    this.reload = true;
  }

  /** Fills a batch from the partitions that moved, in turns, until it is full. */
  private async gather(batch: Batch): Promise<void> {
    const limit = (p: PartitionId) => this.ports.source.head(p);
    const limits = { ...this.options, changesMax: this.changesMax, limit };
    const slices = new Slices(this.ports.clock, this.options.sliceMs);
    // A set iterates over what is added on the way: a partition that has more gets another turn
    // after all the others.
    let replayed: PartitionId | null = null;
    for (const partition of this.dirty) {
      if (this.isReplayed(partition)) {
        replayed ??= partition;
        continue;
      }
      this.dirty.delete(partition);
      if (await this.feed(partition, batch, limits)) this.dirty.add(partition);
      if (this.isFull(batch) || this.exclusives.length > 0) return;
      if (slices.isOver) await slices.next();
    }
    // The first one that needs a replay, and the same one until it is done.
    while (replayed !== null && !this.isFull(batch)) {
      if (!(await this.feed(replayed, batch, limits))) return;
    }
  }

  private isReplayed(partition: PartitionId): boolean {
    const after = lowestIndex(partition, this.live);
    return after !== null && this.ports.source.isReplayed?.(partition, after) === true;
  }

  /** False when the partition has nothing more for now. */
  private async feed(partition: PartitionId, batch: Batch, limits: FeedLimits & { limit: Limit }) {
    if (!this.live.some((version) => version.cursors.has(partition))) {
      this.reload ||= this.ports.partitions().includes(partition);
      return false;
    }
    try {
      return await feedPartition(this.ports.source, partition, this.live, batch, limits);
    } catch (error) {
      if (this.ports.isCompacted?.(error) !== true) throw error;
      const reason = describe(error);
      for (const version of lowestAt(partition, this.live)) {
        version.fault = { kind: 'compacted', reason };
      }
      this.ports.onTrouble?.(reason, error);
      return true;
    }
  }

  /** Entries that change nothing count too, else a long run of them would never be written. */
  private isFull(batch: Batch): boolean {
    const { changesMax } = this;
    return batch.changes >= changesMax || batch.entries >= changesMax * 4;
  }

  private async write(batch: Batch): Promise<void> {
    if (batch.isEmpty) return;
    const sealed = seal(batch);
    await deliver(
      {
        ...this.ports,
        backOff: this.options.backOff,
        dividesSlowBatches: true,
        isStopped: () => this.stopped,
        onWaiting: (reason) => {
          if (reason && this.state === 'running') this.ports.onTrouble?.(reason, null);
          this.state = reason ? 'waiting' : 'running';
          this.reason = reason;
          this.heartbeat = this.ports.clock.monotonic();
        },
      },
      sealed,
    );
    this.failures = 0;
    this.changesMax = Math.min(this.options.changesMax, this.changesMax * 2);
    for (const { cursor, to } of sealed.moves) {
      this.absorbed(cursor.projection, cursor.partition, to);
    }
    if (batch.collected.length > 0) this.ports.onWritten?.(batch.collected);
  }

  /**
   * Lets changes gather after a write began, or sleeps until the log moves. Whoever begins to wait
   * for rows cuts the gathering short.
   */
  private async idle(writing: Promise<void>): Promise<void> {
    const { clock } = this.ports;
    const { gatherMs, lingerMs } = this.options;
    const began = clock.monotonic();
    await Promise.all([writing, delay(clock, lingerMs)]);
    this.isGathering = true;
    while (!this.isHurried() && this.dirty.size > 0) {
      const leftMs = gatherMs - (clock.monotonic() - began);
      if (leftMs <= 0) break;
      await this.sleep(leftMs);
    }
    this.isGathering = false;
    if (this.dirty.size === 0 && this.exclusives.length === 0) await this.sleep(1_000);
  }

  private isHurried(): boolean {
    if (this.stopped || this.exclusives.length > 0) return true;
    for (const watermark of this.watermarks.values()) if (watermark.isAwaited) return true;
    return false;
  }

  private hurry(): void {
    if (!this.isBackingOff) this.wake();
  }

  /**
   * Ends early when the log moves (unless changes gather) and when a reader begins to wait (neither
   * does after a failure), when exclusive work begins to wait, or at stop.
   */
  private async sleep(ms: number): Promise<void> {
    if (this.stopped) return;
    await new Promise<void>((resolve) => {
      const cancel = this.ports.clock.after(ms, resolve);
      this.wake = () => {
        cancel();
        resolve();
      };
    });
    this.wake = () => undefined;
  }

  private publish(): void {
    for (const version of this.live) {
      this.checkpoints.delete(version.name);
      for (const cursor of version.cursors.values()) {
        const { partition, index } = cursor;
        this.absorbed(version.name, partition, cursor.checkpoint());
        if (index < this.ports.source.head(partition)) this.lag(version.name)?.advanced(partition);
      }
    }
  }

  private absorbed(projection: string, partition: PartitionId, checkpoint: Checkpoint): void {
    let checkpoints = this.checkpoints.get(projection);
    if (!checkpoints) {
      checkpoints = new Map<PartitionId, Checkpoint>();
      this.checkpoints.set(projection, checkpoints);
    }
    checkpoints.set(partition, checkpoint);
    this.watermarks.get(projection)?.set(partition, checkpoint.index);
    this.meters.get(projection)?.absorbed(partition);
  }
}
