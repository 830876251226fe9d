import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { LinkManner } from '../nemesis/fault.js';

/** Which way bytes go: from the broker that dialled, or towards it. */
export type Direction = 'forward' | 'backward';

const delayMs = 400;
const flakyMs = 700;

interface Pipe {
  readonly client: Socket;
  readonly upstream: Socket;
}

/**
 * A TCP proxy in a route between two brokers, which can make it misbehave. A stalled byte is kept
 * and delivered when the link heals: that is how frames arrive that are long out of date.
 */
export class LinkProxy {
  private readonly pipes = new Set<Pipe>();
  private stalled = new Set<Direction>();
  private refusing = false;
  private delayed = false;
  private breaker: NodeJS.Timeout | null = null;

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {
    server.on('connection', (client) => this.onConnection(client));
  }

  static listen(port: number, target: number): Promise<LinkProxy> {
    return new Promise((resolve, reject) => {
      const server = createServer();
      const proxy = new LinkProxy(server, target);
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => resolve(proxy));
    });
  }

  get port(): number {
    const address = this.server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  /** `towards`: the direction that `one-way` stalls. */
  misbehave(manner: LinkManner, towards: Direction): void {
    this.heal();
    if (manner === 'stall') this.stalled = new Set<Direction>(['forward', 'backward']);
    else if (manner === 'one-way') this.stalled = new Set<Direction>([towards]);
    else if (manner === 'delay') this.delayed = true;
    else if (manner === 'reset') this.refusing = true;
    else this.breaker = setInterval(() => this.breakAll(), flakyMs);
    if (manner === 'reset') this.breakAll();
    this.applyStalls();
  }

  heal(): void {
    this.stalled.clear();
    this.refusing = false;
    this.delayed = false;
    if (this.breaker) clearInterval(this.breaker);
    this.breaker = null;
    this.applyStalls();
  }

  async close(): Promise<void> {
    this.heal();
    this.breakAll();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private onConnection(client: Socket): void {
    if (this.refusing) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(this.target, '127.0.0.1');
    const pipe = { client, upstream };
    this.pipes.add(pipe);
    this.forward(client, upstream);
    this.forward(upstream, client);
    const drop = (): void => this.drop(pipe);
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', drop);
      socket.on('close', drop);
    }
    this.applyStalls();
  }

  private forward(from: Socket, to: Socket): void {
    from.on('data', (chunk) => {
      if (this.delayed) setTimeout(() => to.destroyed || to.write(chunk), delayMs);
      else to.write(chunk);
    });
  }

  private applyStalls(): void {
    for (const { client, upstream } of this.pipes) {
      if (this.stalled.has('forward')) client.pause();
      else client.resume();
      if (this.stalled.has('backward')) upstream.pause();
      else upstream.resume();
    }
  }

  private breakAll(): void {
    for (const pipe of [...this.pipes]) this.drop(pipe);
  }

  private drop(pipe: Pipe): void {
    if (!this.pipes.delete(pipe)) return;
    pipe.client.destroy();
    pipe.upstream.destroy();
  }
}
