import { join } from 'node:path';
import { eventually } from '../../../test/cluster/process/child.js';
import { MetadNode } from '../../../test/cluster/process/metad-node.js';
import { NatsServer } from '../../../test/cluster/process/nats-server.js';
import { PostgresServer } from '../../../test/cluster/process/postgres-server.js';
import { InboxRequester } from '../inbox-requester.js';
import type { PeerOptions, PeerServers } from '../peer.js';

const brokerPort = 20540;
const databasePort = 20535;
const httpPorts = [20541, 20542, 20543];
const names = ['n1', 'n2', 'n3'];
const pidsOf = (nodes: readonly MetadNode[]): number[] => nodes.map((node) => node.pid);

export interface MetadOptions extends PeerOptions {
  readonly partitions: number;
  /** With them, every node projects into a schema of its own in one PostgreSQL. */
  readonly projections: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  readonly nodeFlags?: readonly string[];
}

export interface MetadServers extends PeerServers {
  readonly nodes: readonly MetadNode[];
  readonly natsUrl: string;
  readonly databaseUrl: string | null;
  readonly nodePids: () => readonly number[];
  /** Asks a node's administration; the body's shape is the contract's. */
  admin(node: string, noun: string, verb: string, body?: object): Promise<unknown>;
}

export async function startMetad(options: MetadOptions): Promise<MetadServers> {
  const { directory, partitions } = options;
  const broker = await NatsServer.start({ name: 'nats', directory, clientPort: brokerPort });
  const database = options.projections ? await startDatabase(directory) : null;
  const nodes = names.map(
    (name, at) =>
      new MetadNode({
        name,
        members: names,
        directory,
        natsUrl: broker.url,
        databaseUrl: database?.url ?? null,
        partitions,
        httpPort: httpPorts[at] as number,
        ...(options.environment ? { environment: options.environment } : {}),
        ...(options.nodeFlags ? { nodeFlags: options.nodeFlags } : {}),
      }),
  );
  await Promise.all(nodes.map((node) => node.start()));
  const requester = await InboxRequester.connect([broker.url]);
  const admin = async (node: string, noun: string, verb: string, body = {}): Promise<unknown> => {
    const subject = `metad.v1.admin.${node}.${noun}.${verb}`;
    return JSON.parse((await requester.ask(subject, JSON.stringify(body))).string());
  };
  await eventually('leaders of all partitions', () => allLed(admin, partitions), 60_000);
  return {
    name: 'metad',
    address: { peer: 'metad', endpoints: [broker.url], settings: { partitions } },
    version: `metad, ${partitions} partitions, projections ${database ? 'on' : 'off'}`,
    guarantees: {
      put: 'fsynced by two of three nodes; decided and deduplicated when applied',
      get: 'linearizable (ReadIndex)',
    },
    nodes,
    natsUrl: broker.url,
    databaseUrl: database?.url ?? null,
    nodePids: () => pidsOf(nodes),
    pids: () => [...pidsOf(nodes), broker.pid, ...(database ? [database.pid] : [])],
    groups: () => ({
      nodes: pidsOf(nodes),
      broker: [broker.pid],
      ...(database ? { database: [database.pid] } : {}),
    }),
    admin,
    stop: async () => {
      await requester.close();
      await Promise.all(nodes.map((node) => node.stop()));
      await database?.stop();
      await broker.stop();
    },
  };
}

function startDatabase(directory: string): Promise<PostgresServer> {
  return PostgresServer.start({ directory: join(directory, 'pg'), port: databasePort });
}

interface Description {
  readonly items: readonly { readonly partition: number; readonly role: string }[];
}

async function allLed(admin: MetadServers['admin'], partitions: number): Promise<boolean> {
  const led = new Set<number>();
  for (const name of names) {
    const { items } = (await admin(name, 'partition', 'describe')) as Description;
    for (const { partition, role } of items) if (role === 'leader') led.add(partition);
  }
  for (let at = 1; at <= partitions; at += 1) if (!led.has(at)) return false;
  return true;
}
