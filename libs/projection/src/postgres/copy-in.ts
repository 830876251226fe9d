import type { Connection, Submittable } from 'pg';

/** `COPY … FROM STDIN` answers so when the rows are in: `COPY 42`. */
const TAG = /^COPY (\d+)$/;

/**
 * One `COPY … FROM STDIN` with all its rows at hand, as node-postgres submits a query of one's own.
 * The driver has no promise for such a query: `done` settles when the server is ready again.
 */
export class CopyIn implements Submittable {
  readonly done: Promise<number>;
  /** The driver wraps it to watch over the time-out. */
  callback: (error: Error | null, count?: number) => void = () => undefined;
  private count = 0;

  constructor(
    private readonly text: string,
    private readonly rows: Buffer,
  ) {
    this.done = new Promise((resolve, reject) => {
      this.callback = (error, count) => (error ? reject(error) : resolve(count ?? 0));
    });
  }

  submit(connection: Connection): void {
    connection.query(this.text);
  }

  handleCopyInResponse(connection: CopyConnection): void {
    connection.sendCopyFromChunk(this.rows);
    connection.endCopyFrom();
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.count = Number(TAG.exec(text)?.[1] ?? 0);
  }

  handleReadyForQuery(): void {
    this.callback(null, this.count);
  }

  /** The server refused, or the connection is gone. */
  handleError(error: Error): void {
    this.callback(error);
  }
}

/** What the driver's connection can do besides what its types say. */
interface CopyConnection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}
