/** What became of one command that is traced, as moments on the `performance.now()` clock. */
export interface CommandMoments {
  readonly receivedAt: number;
  readonly traceparent: string;
  readonly proposedAt: number;
  readonly committedAt: number;
  readonly appliedAt: number;
  readonly endedAt: number;
  readonly commandId: string | null;
  readonly command: string;
  readonly partition: number;
  readonly index: number;
  /** Text of an error reply, or null. */
  readonly error: string | null;
}

/**
 * Follows one command through this node. Only notes moments, so that the way of a command costs
 * some assignments; spans are made of them when it is over.
 */
export class CommandTrace implements CommandMoments {
  readonly receivedAt = performance.now();
  proposedAt = 0;
  committedAt = 0;
  appliedAt = 0;
  endedAt = 0;
  commandId: string | null = null;
  command = '';
  partition = 0;
  index = 0;
  error: string | null = null;

  constructor(
    readonly traceparent: string,
    private readonly onEnd: (moments: CommandMoments) => void,
  ) {}

  /** It is valid and this node leads its partition: it goes to the log. */
  proposed(command: string, commandId: string, partition: number): void {
    this.proposedAt = performance.now();
    this.command = command;
    this.commandId = commandId;
    this.partition = partition;
  }

  /** A majority has it; it is about to be applied here. */
  committed(index: number): void {
    this.committedAt = performance.now();
    this.index = index;
  }

  applied(): void {
    this.appliedAt = performance.now();
  }

  end(error: string | null): void {
    this.endedAt = performance.now();
    this.error = error;
    this.onEnd(this);
  }
}
