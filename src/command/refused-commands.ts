import type { MetadError } from '@metad/contract';

/** A command that this node answered with an error, kept by reference and read on demand. */
export interface RefusedCommand {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly namespace: string;
  readonly command: string;
  readonly error: MetadError;
}

/** More than a screen shows; the oldest makes room for the newest. */
const refusalsMax = 256;

/** The newest refusals of this node, for operators to look at; costs one slot for each. */
export class RefusedCommands {
  private readonly slots: RefusedCommand[] = [];
  private next = 0;

  add(refusal: RefusedCommand): void {
    this.slots[this.next] = refusal;
    this.next = (this.next + 1) % refusalsMax;
  }

  /** Newest first. */
  newest(): RefusedCommand[] {
    return [...this.slots.slice(this.next), ...this.slots.slice(0, this.next)].reverse();
  }
}
