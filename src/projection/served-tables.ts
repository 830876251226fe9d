import { MetadError } from '@metad/contract';
import { logIndex, type LogIndex, type PartitionId } from '@metad/foundation';
import { describeFailure, failureOf, type OrderedProcessor } from '@metad/projection';
import type { DataSource } from 'typeorm';

/** What is open once the database has been reached. */
export interface Serving {
  readonly queries: Pick<DataSource, 'query'>;
  readonly processor: OrderedProcessor;
}

/** The tables as queries read them: how fresh they are, and whether they may be read at all. */
export class ServedTables {
  private serving: Serving | null = null;
  private reason = 'the projection database has not been reached yet';

  open(serving: Serving): void {
    this.serving = serving;
  }

  close(reason: string): void {
    this.serving = null;
    this.reason = reason;
  }

  /** Throws RESTORING while the database is away or the rows are of another history. */
  async select(
    projection: string,
    text: string,
    values: readonly unknown[],
  ): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const { queries, processor } = this.mustServe();
    const fault = processor.versions.find((version) => version.name === projection)?.fault;
    if (fault?.kind === 'foreign') throw restoring(fault.reason);
    try {
      const rows: Readonly<Record<string, unknown>>[] = await queries.query(text, [...values]);
      return rows;
    } catch (error) {
      if (failureOf(error) === 'unavailable') throw restoring(describeFailure(error));
      throw error;
    }
  }

  absorbed(projection: string, partition: PartitionId): LogIndex {
    return this.serving?.processor.watermark(projection)?.at(partition) ?? logIndex(0);
  }

  awaitAbsorbed(
    projection: string,
    partition: PartitionId,
    index: LogIndex,
    timeoutMs: number,
  ): Promise<boolean> {
    const watermark = this.mustServe().processor.watermark(projection);
    return watermark?.wait(partition, index, timeoutMs) ?? Promise.resolve(false);
  }

  lagMs(projection: string): number {
    return this.mustServe().processor.lag(projection)?.lagMs() ?? 0;
  }

  private mustServe(): Serving {
    if (!this.serving) throw restoring(this.reason);
    return this.serving;
  }
}

const restoring = (reason: string): MetadError =>
  new MetadError('RESTORING', `the tables cannot be read now: ${reason}`, { retryAfterMs: 500 });
