import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { MetadNode } from '../process/metad-node.js';
import { NatsServer } from '../process/nats-server.js';
import { PostgresServer } from '../process/postgres-server.js';
import { SteppedClock } from './clock.js';
import { LinkProxy } from './link-proxy.js';
import { SmallDisk } from './small-disk.js';

const basePort = 20_560;
/** Discard's port: nothing listens there, so that gossip cannot lead around a cut link. */
const deadAddress = '127.0.0.1:9';
const smallDiskMegabytes = 512;
const healMsMax = 180_000;

export interface ClusterOptions {
  readonly nodes: 3 | 5;
  readonly partitions: number;
  readonly directory: string;
  /** Loaded into every node by `--import`: plants and the power-loss file system. */
  readonly imports: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

interface Route {
  readonly from: number;
  readonly to: number;
  readonly proxy: LinkProxy;
}

/**
 * Real nodes, a nats-server for each, routes between the servers through proxies, and one
 * PostgreSQL with a schema for each node. Node i talks to server i alone, so that cutting routes
 * cuts nodes apart. The last node's data lie on a small disk, where mounting is allowed.
 */
export class Cluster {
  private constructor(
    readonly nodes: readonly MetadNode[],
    readonly brokers: readonly NatsServer[],
    readonly routes: readonly Route[],
    readonly database: PostgresServer,
    readonly clocks: readonly SteppedClock[],
    readonly disk: SmallDisk | null,
  ) {}

  static async start(options: ClusterOptions): Promise<Cluster> {
    const { directory, nodes: count } = options;
    mkdirSync(directory, { recursive: true });
    const ports = portsOf(count);
    const routes = await openRoutes(count, ports);
    const brokers = await startBrokers(directory, ports, routes);
    const database = await PostgresServer.start({
      directory: join(directory, 'pg'),
      port: ports.database,
    });
    const clocks = SteppedClock.available
      ? ports.clients.map((_, at) => new SteppedClock(join(directory, `clock-${at}`)))
      : [];
    const disk = SmallDisk.mount(join(directory, 'small-disk'), smallDiskMegabytes);
    const nodes = makeNodes(options, brokers, database, clocks, disk);
    const cluster = new Cluster(nodes, brokers, routes, database, clocks, disk);
    try {
      await Promise.all(nodes.map((node) => node.start()));
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** Heals every link, ends every fault, and starts what is down. */
  async heal(): Promise<void> {
    for (const { proxy } of this.routes) proxy.heal();
    for (const clock of this.clocks) clock.step(0);
    this.disk?.free();
    for (const node of this.nodes) {
      node.signal('SIGCONT');
      if (!node.alive) node.launch();
    }
    await Promise.all(this.nodes.map((node) => node.ready(healMsMax)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
    await this.database.stop();
    await Promise.all(this.brokers.map((broker) => broker.stop()));
    await Promise.all(this.routes.map(({ proxy }) => proxy.close()));
    this.disk?.unmount();
  }
}

interface Ports {
  readonly clients: readonly number[];
  readonly clusters: readonly number[];
  readonly http: readonly number[];
  readonly database: number;
  /** First port for the proxies; there are at most ten. */
  readonly proxies: number;
}

function portsOf(count: number): Ports {
  const run = (from: number): number[] => Array.from({ length: count }, (_, at) => from + at);
  return {
    clients: run(basePort),
    clusters: run(basePort + 5),
    http: run(basePort + 10),
    database: basePort + 15,
    proxies: basePort + 20,
  };
}

/** Each pair of servers has one route; the lower number dials. */
async function openRoutes(count: number, ports: Ports): Promise<Route[]> {
  const routes: Route[] = [];
  for (let from = 0; from < count; from += 1) {
    for (let to = from + 1; to < count; to += 1) {
      const proxy = await LinkProxy.listen(
        ports.proxies + routes.length,
        ports.clusters[to] as number,
      );
      routes.push({ from, to, proxy });
    }
  }
  return routes;
}

function startBrokers(
  directory: string,
  ports: Ports,
  routes: readonly Route[],
): Promise<NatsServer[]> {
  return Promise.all(
    ports.clients.map((clientPort, at) =>
      NatsServer.start({
        name: `b${at + 1}`,
        directory,
        clientPort,
        cluster: {
          name: 'chaos',
          port: ports.clusters[at] as number,
          routes: routes.filter(({ from }) => from === at).map(({ proxy }) => proxy.port),
          advertise: deadAddress,
        },
      }),
    ),
  );
}

function makeNodes(
  options: ClusterOptions,
  brokers: readonly NatsServer[],
  database: PostgresServer,
  clocks: readonly SteppedClock[],
  disk: SmallDisk | null,
): MetadNode[] {
  const members = brokers.map((_, at) => `n${at + 1}`);
  const { http } = portsOf(options.nodes);
  return members.map((name, at) => {
    const onSmallDisk = disk !== null && at === members.length - 1;
    return new MetadNode({
      name,
      members,
      directory: options.directory,
      natsUrl: (brokers[at] as NatsServer).url,
      databaseUrl: database.url,
      partitions: options.partitions,
      httpPort: http[at] as number,
      environment: { ...options.environment, ...clocks[at]?.environment },
      nodeFlags: options.imports.flatMap((module) => ['--import', module]),
      ...(onSmallDisk ? { dataDirectory: join(disk.folder, name) } : {}),
    });
  });
}
