import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { subjects } from '../workload/subject.js';

export interface PartitionDescription {
  readonly partition: number;
  readonly role: string;
  readonly term: number;
  readonly leader: string | null;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly digest: string | null;
}

/** The administration of single nodes, each asked through its own broker. */
export class Administration {
  private constructor(private readonly connections: readonly NatsConnection[]) {}

  static async connect(urls: readonly string[]): Promise<Administration> {
    const options = {
      maxReconnectAttempts: -1,
      reconnectTimeWait: 200,
      ignoreClusterUpdates: true,
    };
    const connections = urls.map((servers) => connect({ servers, ...options }));
    return new Administration(await Promise.all(connections));
  }

  /** Throws when the node does not answer or refuses; a refusal's code is the error's message. */
  async ask<T>(node: number, noun: string, verb: string, body: object = {}): Promise<T> {
    const connection = this.connections[node] as NatsConnection;
    const subject = subjects.admin(`n${node + 1}`, noun, verb);
    const reply = await connection.request(subject, JSON.stringify(body), { timeout: 3_000 });
    const answer = reply.json<T & { error?: { code: string } }>();
    if (answer.error) throw new Error(`${noun}.${verb}: ${answer.error.code}`);
    return answer;
  }

  async describe(node: number): Promise<PartitionDescription[]> {
    const { items } = await this.ask<{ items: PartitionDescription[] }>(
      node,
      'partition',
      'describe',
    );
    return items;
  }

  async close(): Promise<void> {
    await Promise.all(this.connections.map((connection) => connection.close()));
  }
}
