import type { Response } from 'express';
import { MetadError } from '@metad/contract';
import type { Clock } from '@metad/foundation';
import type { ClusterWatch } from '../cluster/cluster-watch.js';
import { SnapshotDeltas } from '../cluster/snapshot-delta.js';
import type { ClusterSnapshot } from '../cluster/snapshot.js';

/** More are refused with OVERLOADED: a dashboard must not weigh on what it shows. */
export const viewersMax = 32;
const intervalMs = 1_000;
const closing = 'event: closing\ndata: {}\n\n';

interface Viewer {
  readonly response: Response;
  /** It has no snapshot that a delta could change. */
  needsAll: boolean;
}

/**
 * Everybody who looks at the dashboard of this node. The cluster is asked once a second for all of
 * them together, and not at all while there is nobody. Whoever reads too slowly misses changes and
 * gets the whole again once the connection has drained.
 */
export class Viewers {
  private readonly viewers = new Set<Viewer>();
  private deltas = new SnapshotDeltas();
  private last: ClusterSnapshot | null = null;
  private looking = false;
  private closed = false;

  constructor(
    private readonly watch: Pick<ClusterWatch, 'look' | 'forget'>,
    private readonly clock: Clock,
    private readonly onTrouble: (error: unknown) => void,
  ) {}

  get size(): number {
    return this.viewers.size;
  }

  /** Opens the response as a stream of server-sent events. Throws OVERLOADED. */
  add(response: Response): void {
    if (this.closed || this.viewers.size >= viewersMax) {
      const message = this.closed
        ? 'this node is stopping'
        : `${viewersMax} dashboards are open here; use another node's`;
      throw new MetadError('OVERLOADED', message, { retryAfterMs: 5_000 });
    }
    const viewer = { response, needsAll: true };
    this.viewers.add(viewer);
    response.on('close', () => this.remove(viewer));
    response.status(200);
    response.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
    response.setHeader('X-Accel-Buffering', 'no');
    response.flushHeaders();
    if (this.last !== null) this.sendAll([viewer], this.last);
    if (!this.looking) void this.look();
  }

  close(): void {
    this.closed = true;
    for (const { response } of this.viewers) response.end(closing);
    this.viewers.clear();
  }

  private remove(viewer: Viewer): void {
    this.viewers.delete(viewer);
  }

  private async look(): Promise<void> {
    this.looking = true;
    while (this.viewers.size > 0) {
      const startedAt = this.clock.monotonic();
      try {
        this.show(await this.watch.look());
      } catch (error) {
        this.onTrouble(error);
      }
      const left = Math.max(50, intervalMs - (this.clock.monotonic() - startedAt));
      await new Promise<void>((resolve) => this.clock.after(left, resolve));
    }
    this.looking = false;
    this.last = null;
    this.deltas = new SnapshotDeltas();
    this.watch.forget();
  }

  private show(snapshot: ClusterSnapshot): void {
    const delta = this.deltas.next(snapshot);
    this.last = snapshot;
    const ready = [...this.viewers].filter(({ response }) => !response.writableNeedDrain);
    const current = ready.filter(({ needsAll }) => !needsAll);
    for (const viewer of this.viewers) {
      if (viewer.response.writableNeedDrain) viewer.needsAll = true;
    }
    this.sendAll(
      ready.filter(({ needsAll }) => needsAll),
      snapshot,
    );
    if (current.length === 0) return;
    const text = `event: delta\ndata: ${JSON.stringify(delta)}\n\n`;
    for (const { response } of current) response.write(text);
  }

  private sendAll(viewers: readonly Viewer[], snapshot: ClusterSnapshot): void {
    if (viewers.length === 0) return;
    const text = `event: snapshot\ndata: ${JSON.stringify(snapshot)}\n\n`;
    for (const viewer of viewers) {
      viewer.response.write(text);
      viewer.needsAll = false;
    }
  }
}
