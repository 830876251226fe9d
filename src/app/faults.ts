/** Where a part reports that the node cannot go on; the first listener decides how it ends. */
export class Faults {
  private listener: ((error: Error) => void) | null = null;
  private first: Error | null = null;

  report(error: Error): void {
    this.first ??= error;
    this.listener?.(error);
  }

  /** Also called for a fault that was reported before. */
  onFault(listener: (error: Error) => void): void {
    this.listener = listener;
    if (this.first) listener(this.first);
  }
}
