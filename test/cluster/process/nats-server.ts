import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child, listening } from './child.js';

export interface NatsServerOptions {
  readonly name: string;
  readonly directory: string;
  readonly clientPort: number;
  readonly jetstream?: boolean;
  readonly cluster?: {
    readonly name: string;
    readonly port: number;
    /** Ports that this server dials; proxies may stand there. */
    readonly routes: readonly number[];
    /**
     * What the server tells others about itself. Gossip would lead around a cut link, so a test
     * that cuts links gives a dead address here.
     */
    readonly advertise?: string;
  };
}

/** One real nats-server on loopback. */
export class NatsServer {
  private restarting: Promise<void> = Promise.resolve();

  private constructor(
    private readonly options: NatsServerOptions,
    private child: Child,
  ) {}

  static async start(options: NatsServerOptions): Promise<NatsServer> {
    mkdirSync(options.directory, { recursive: true });
    const config = join(options.directory, `${options.name}.conf`);
    writeFileSync(config, configuration(options));
    const server = new NatsServer(options, launch(options));
    await listening(options.clientPort, server.child);
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.options.clientPort}`;
  }

  get pid(): number {
    return this.child.pid;
  }

  /**
   * Kills and starts the server again on the same ports and the same store. Restarts that overlap
   * come one after the other: each would start a server, and one of them nobody would end.
   */
  restart(pauseMs: number): Promise<void> {
    const restarted = this.restarting.then(() => this.restartNow(pauseMs));
    this.restarting = restarted.catch(() => undefined);
    return restarted;
  }

  private async restartNow(pauseMs: number): Promise<void> {
    await this.child.end('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    this.child = launch(this.options);
    await listening(this.options.clientPort, this.child);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.signal(signal);
  }

  async stop(): Promise<void> {
    await this.restarting;
    await this.child.end('SIGTERM', 3_000);
  }
}

function launch(options: NatsServerOptions): Child {
  return Child.start({
    command: 'nats-server',
    args: ['-c', join(options.directory, `${options.name}.conf`)],
    logFile: join(options.directory, `${options.name}.log`),
  });
}

function configuration(options: NatsServerOptions): string {
  const lines = [
    `server_name: ${options.name}`,
    `listen: 127.0.0.1:${options.clientPort}`,
    'max_pending: 256MB',
    'write_deadline: "30s"',
  ];
  if (options.jetstream) {
    const store = join(options.directory, options.name);
    lines.push(`jetstream { store_dir: "${store}", max_mem: 1GB, max_file: 10GB }`);
  }
  const { cluster } = options;
  if (cluster) {
    const routes = cluster.routes.map((port) => `nats-route://127.0.0.1:${port}`).join(', ');
    lines.push(
      `cluster { name: ${cluster.name}, listen: 127.0.0.1:${cluster.port}, routes: [${routes}]`,
      // Nor may clients hear of the other servers: each node stays with its own.
      ...(cluster.advertise
        ? [`  cluster_advertise: "${cluster.advertise}"`, 'no_advertise: true']
        : []),
      '}',
    );
  }
  return `${lines.join('\n')}\n`;
}
