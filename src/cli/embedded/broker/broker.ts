import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { ClientConnection } from './client-connection.js';
import type { ConnectionLimits } from './client-connection.js';
import { LinkFaults } from './link-faults.js';
import { Router } from './router.js';

/**
 * A broker for the NATS client protocol, for development and tests: one process, no authentication,
 * no TLS, no clustering, no JetStream, nothing stored. What it does do, it does as nats-server
 * does: `test/contract/broker.spec.ts` holds both to the same behaviour, through both clients.
 */
export interface BrokerOptions {
  /** 0 picks a free one. */
  readonly port?: number;
  readonly host?: string;
  readonly payloadBytesMax?: number;
  readonly pendingBytesMax?: number;
  readonly connectionsMax?: number;
  /** A client that leaves two PINGs at this interval unanswered is cut. */
  readonly pingIntervalMs?: number;
}

export interface Link {
  readonly id: number;
  readonly name: string;
  readonly subscriptions: number;
  readonly pendingBytes: number;
}

const pingsOutMax = 2;

export class EmbeddedBroker {
  /** Rules over deliveries, for tests. */
  readonly faults = new LinkFaults();
  private readonly clients = new Map<number, ClientConnection>();
  private readonly refused = new Set<string>();
  private readonly router = new Router(this.faults, (client) => this.clients.delete(client.id));
  private readonly serverId = randomBytes(16).toString('hex').toUpperCase();
  private readonly server: Server;
  private readonly limits: ConnectionLimits;
  private readonly pinger: NodeJS.Timeout;
  private lastId = 0;

  constructor(private readonly options: BrokerOptions) {
    this.limits = {
      payloadBytesMax: options.payloadBytesMax ?? 1024 * 1024,
      pendingBytesMax: options.pendingBytesMax ?? 64 * 1024 * 1024,
      subscriptionsMax: 65_536,
    };
    this.server = createServer((socket) => this.onSocket(socket));
    this.pinger = setInterval(() => this.pingAll(), options.pingIntervalMs ?? 120_000);
    this.pinger.unref();
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `nats://${this.options.host ?? '127.0.0.1'}:${this.port}`;
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.options.port ?? 0, this.options.host ?? '127.0.0.1', () => {
        this.server.off('error', reject);
        resolve();
      });
    });
  }

  /** The clients of now, by the names they gave in CONNECT. */
  links(): Link[] {
    return [...this.clients.values()].map((client) => ({
      id: client.id,
      name: client.name,
      subscriptions: client.subscriptions.size,
      pendingBytes: client.outbox.pendingBytes,
    }));
  }

  /** Cuts every connection of this name; the client may come back. Returns how many were cut. */
  cut(name: string): number {
    const found = [...this.clients.values()].filter((client) => client.name === name);
    for (const client of found) {
      client.socket.resetAndDestroy();
      client.close('cut by a test');
    }
    return found.length;
  }

  /** Cuts this name and turns it away until `admit`. */
  banish(name: string): void {
    this.refused.add(name);
    this.cut(name);
  }

  admit(name: string): void {
    this.refused.delete(name);
  }

  async close(): Promise<void> {
    clearInterval(this.pinger);
    this.faults.clear();
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const client of this.clients.values()) {
      client.flush();
      client.close('the broker stops');
      client.socket.destroy();
    }
    await closed;
  }

  private onSocket(socket: Socket): void {
    const id = (this.lastId += 1);
    const client = new ClientConnection(id, socket, this.router, this.limits, (name) =>
      this.refused.has(name),
    );
    this.clients.set(id, client);
    if (this.clients.size > (this.options.connectionsMax ?? 4_096)) {
      client.fail('maximum connections exceeded');
      return;
    }
    client.say(`INFO ${JSON.stringify(this.info(id, socket))}\r\n`);
  }

  private info(clientId: number, socket: Socket): Record<string, unknown> {
    return {
      server_id: this.serverId,
      server_name: 'metad-embedded',
      version: '2.9.10',
      proto: 1,
      host: this.options.host ?? '127.0.0.1',
      port: this.port,
      headers: true,
      max_payload: this.limits.payloadBytesMax,
      client_id: clientId,
      client_ip: socket.remoteAddress ?? '',
    };
  }

  private pingAll(): void {
    for (const client of this.clients.values()) {
      if (client.pingsOut >= pingsOutMax) client.fail('Stale Connection');
      else {
        client.pingsOut += 1;
        client.say('PING\r\n');
      }
    }
  }
}

/** Starts a broker. Rejects with the server's error, `EADDRINUSE` if the port is taken. */
export async function startBroker(options: BrokerOptions = {}): Promise<EmbeddedBroker> {
  const broker = new EmbeddedBroker(options);
  try {
    await broker.listen();
  } catch (error) {
    await broker.close();
    throw error;
  }
  return broker;
}
