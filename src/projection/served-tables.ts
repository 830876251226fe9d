import { MetadError } from '@metad/contract';
import { logIndex, type LogIndex, type PartitionId } from '@metad/foundation';
import { describeFailure, failureOf, sqlStateOf, type OrderedProcessor } from '@metad/projection';
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

  /**
   * Throws RESTORING while the database is away or the rows are of another history,
   * INVALID_ARGUMENT for a value that a column cannot be compared with.
   */
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
      if (sqlStateOf(error)?.startsWith(DATA_EXCEPTION)) throw incomparable(error);
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

/** SQLSTATE class of what is wrong with values, not with the statement nor with the server. */
const DATA_EXCEPTION = '22';

/** Asking again would fail again, and nothing happened: this is the caller's to know. */
function incomparable(error: unknown): MetadError {
  const reason = `hold a value that the tables cannot be searched for: ${describeFailure(error)}`;
  const faults = [{ field: 'params', reason }];
  return new MetadError('INVALID_ARGUMENT', `params ${reason}`, { faults });
}

const restoring = (reason: string): MetadError =>
  new MetadError('RESTORING', `the tables cannot be read now: ${reason}`, { retryAfterMs: 500 });
