import type { Clock } from '@metad/foundation';
import type { WireConnection, WireStatus } from './wire-connection.js';

export interface ConnectionEvents {
  /** The link is down; what was on its way is lost. */
  lost(): void;
  /** The link is up again, perhaps to another server. */
  restored(): void;
  /** The broker refused a publish to this subject. */
  refused(subject: string): void;
}

/** Follows a connection's state, so that calls wait for the link and send nothing into a void. */
export class ConnectionFollower {
  private up = true;
  private stopped = false;
  private readonly waiters = new Set<() => void>();

  constructor(
    private readonly connection: WireConnection,
    private readonly clock: Clock,
    private readonly events: ConnectionEvents,
  ) {}

  get connected(): boolean {
    return this.up && !this.closed;
  }

  /** The link will not come back: there is nothing to wait for. */
  get closed(): boolean {
    return this.stopped || this.connection.isClosed();
  }

  /** Runs until the connection is closed. */
  async follow(): Promise<void> {
    for await (const status of this.connection.status()) this.onStatus(status);
    this.up = false;
    this.wake();
  }

  /** Calls that wait for the link. */
  get waiting(): number {
    return this.waiters.size;
  }

  /** Nobody waits for the link any more. */
  stop(): void {
    this.stopped = true;
    this.wake();
  }

  /** Resolves when the link is up or closed, after `timeoutMs`, or when `signal` is aborted. */
  untilConnected(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    if (this.connected || this.closed) return Promise.resolve();
    return new Promise((resolve) => {
      const resume = (): void => {
        cancel();
        signal?.removeEventListener('abort', resume);
        this.waiters.delete(resume);
        resolve();
      };
      const cancel = this.clock.after(timeoutMs, resume);
      signal?.addEventListener('abort', resume, { once: true });
      this.waiters.add(resume);
    });
  }

  private onStatus(status: WireStatus): void {
    if (status.type === 'disconnect') {
      this.up = false;
      this.events.lost();
    } else if (status.type === 'reconnect') {
      this.up = true;
      this.events.restored();
      this.wake();
    } else if (status.type === 'error') {
      const subject = refusedPublish(status);
      if (subject !== null) this.events.refused(subject);
    }
  }

  private wake(): void {
    for (const resume of [...this.waiters]) resume();
  }
}

function refusedPublish({ error, permissionContext }: WireStatus): string | null {
  const refusal = (permissionContext ?? error) as { operation?: unknown; subject?: unknown } | null;
  if (typeof refusal !== 'object' || refusal === null) return null;
  const { operation, subject } = refusal;
  return operation === 'publish' && typeof subject === 'string' ? subject : null;
}
