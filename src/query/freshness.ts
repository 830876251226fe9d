import { formatPosition, MetadError, parsePosition, type PositionPart } from '@metad/contract';
import { partitionId, type LogIndex, type PartitionId } from '@metad/foundation';
import type { ListQuery } from './definition/query-definition.js';
import type { CheckedRequest } from './query-request.js';
import type { ReadBarrier, ReadModel } from './query-ports.js';

/** Makes a query wait until this node can answer with the consistency it asked for, or refuse. */
export class Freshness {
  constructor(
    private readonly barrier: ReadBarrier,
    private readonly waitMs: number,
  ) {}

  /** For what is read from memory: the state machine's applied index counts. */
  async memory(partition: PartitionId, request: CheckedRequest): Promise<void> {
    const { barrier, waitMs } = this;
    if (request.position !== undefined) {
      const index = this.positionOf(request).get(partition);
      if (index !== undefined) await this.reach(partition, index);
    }
    if (request.consistency === 'linearizable') {
      await this.reach(partition, await barrier.readIndex(partition, waitMs));
    }
    if (request.consistency === 'bounded') {
      const { maxLagMs = 0 } = request;
      this.mustBeWithin(await barrier.boundMs(partition, maxLagMs, waitMs), request);
    }
  }

  /** At the leader an index is nearly always applied by the time it is confirmed. */
  private reach(partition: PartitionId, index: LogIndex): Promise<void> | undefined {
    if (this.barrier.appliedIndex(partition) >= index) return undefined;
    return this.barrier.reach(partition, index, this.waitMs);
  }

  /** For what is read from SQL: the projection's checkpoint counts, over all partitions. */
  async tables(model: ReadModel, projection: string, request: CheckedRequest): Promise<void> {
    const wanted = new Map(this.positionOf(request));
    if (request.consistency === 'linearizable') {
      for (const [partition, index] of await this.readIndexes()) {
        wanted.set(partition, Math.max(index, wanted.get(partition) ?? 0) as LogIndex);
      }
    }
    const waits = [...wanted].map(async ([partition, index]) => {
      if (await model.awaitAbsorbed(projection, partition, index, this.waitMs)) return;
      throw notReached(partition, index, model.absorbed(projection, partition), this.waitMs);
    });
    await Promise.all(waits);
    if (request.consistency === 'bounded') {
      this.mustBeWithin(await this.tablesBoundMs(model, projection, request), request);
    }
  }

  /** A position among the parameters means something in the history that it is of alone. */
  checkMoments({ moments = [] }: Pick<ListQuery, 'moments'>, { params }: CheckedRequest): void {
    for (const name of moments) {
      const value = params[name];
      if (typeof value !== 'string' || !value.startsWith('m1.')) continue;
      const field = `params.${name}`;
      for (const part of parsePosition(value, field)) this.mustBeOurs(part, field);
    }
  }

  /** How old an answer from the tables may be: behind the node, which may be behind its leaders. */
  tablesLagMs(model: ReadModel, projection: string): number {
    const lags = this.barrier.partitions().map((partition) => this.barrier.lagMs(partition));
    return model.lagMs(projection) + Math.max(0, ...lags);
  }

  private async tablesBoundMs(
    model: ReadModel,
    projection: string,
    { maxLagMs = 0 }: CheckedRequest,
  ): Promise<number> {
    const { barrier, waitMs } = this;
    const behind = model.lagMs(projection);
    const bounds = await Promise.all(
      barrier.partitions().map((one) => barrier.boundMs(one, maxLagMs - behind, waitMs)),
    );
    return this.behindMs(model, projection, behind) + Math.max(0, ...bounds);
  }

  /**
   * What the tables are behind of the node now that it has caught up with its leaders: exactly
   * nothing, or some time, which is an estimate and so at least a millisecond.
   */
  private behindMs(model: ReadModel, projection: string, before: number): number {
    const { barrier } = this;
    const isLevel = barrier
      .partitions()
      .every((one) => model.absorbed(projection, one) >= barrier.appliedIndex(one));
    return isLevel ? 0 : Math.max(1, before, model.lagMs(projection));
  }

  private readIndexes(): Promise<[PartitionId, LogIndex][]> {
    const { barrier, waitMs } = this;
    return Promise.all(
      barrier.partitions().map(async (partition): Promise<[PartitionId, LogIndex]> => {
        return [partition, await barrier.readIndex(partition, waitMs)];
      }),
    );
  }

  private positionOf({ position }: CheckedRequest): ReadonlyMap<PartitionId, LogIndex> {
    const indexes = new Map<PartitionId, LogIndex>();
    for (const part of position ? parsePosition(position) : []) {
      this.mustBeOurs(part, 'position');
      const partition = partitionId(part.partition);
      const index = Math.max(part.index, indexes.get(partition) ?? 0) as LogIndex;
      indexes.set(partition, index);
    }
    return indexes;
  }

  private mustBeOurs({ incarnation, partition }: PositionPart, field: string): void {
    const ours = this.barrier.incarnation();
    if (incarnation !== ours) {
      const message = 'the position is of another history of this cluster: begin again without it';
      const available = formatPosition(ours, partition, 0);
      throw new MetadError('INCARNATION_CHANGED', message, { incarnation: ours, available });
    }
    if (this.barrier.partitions().includes(partitionId(partition))) return;
    const reason = `names partition ${partition}, which does not exist`;
    throw new MetadError('INVALID_ARGUMENT', `${field} ${reason}`, {
      faults: [{ field, reason }],
    });
  }

  private mustBeWithin(lagMs: number, { maxLagMs = 0 }: CheckedRequest): void {
    if (lagMs <= maxLagMs) return;
    // Rounded up: less than a millisecond is more than none.
    const whole = Math.ceil(lagMs);
    const known = Number.isFinite(lagMs) ? `${whole} ms behind` : 'cut off from a leader';
    const message = `this node may be ${known}: more than maxLagMs ${maxLagMs}`;
    const behind = Number.isFinite(lagMs) ? { lagMs: whole } : {};
    const details = { ...behind, maxLagMs, retryAfterMs: 100 };
    throw new MetadError('POSITION_NOT_REACHED', message, details);
  }
}

function notReached(
  partition: PartitionId,
  index: LogIndex,
  absorbed: LogIndex,
  waitMs: number,
): MetadError {
  const message = `the tables hold index ${absorbed} of partition ${partition}, not yet ${index}`;
  const details = { partition, index, absorbed, waitMs, retryAfterMs: 100 };
  return new MetadError('POSITION_NOT_REACHED', message, details);
}
