import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import type { SeenGrant } from '../check/leases.js';
import { subjects } from './subject.js';

/** Apart from the records whose histories are checked: time ends these without a command. */
export const leaseNamespace = 'leases';
export const leaseTtlMs = 2_500;
const resources = 4;
const ownersPerResource = 3;
const renewEveryMs = 600;
const renewalsMax = 4;
const timeoutMs = 2_000;

/** Owners that compete for a few resources with times to live, renew for a while, and vanish. */
export class LeaseWorkload {
  readonly grants: SeenGrant[] = [];
  private running = true;
  private workers: Promise<void>[] = [];

  constructor(private readonly brokerUrls: readonly string[]) {}

  start(): void {
    for (let at = 0; at < resources * ownersPerResource; at += 1) {
      this.workers.push(this.compete(at));
    }
  }

  async stop(): Promise<void> {
    this.running = false;
    await Promise.all(this.workers);
  }

  private async compete(at: number): Promise<void> {
    const servers = this.brokerUrls[at % this.brokerUrls.length] as string;
    const options = {
      maxReconnectAttempts: -1,
      reconnectTimeWait: 200,
      ignoreClusterUpdates: true,
    };
    const connection = await connect({ servers, ...options });
    const resource = `leased-${at % resources}`;
    await this.send(connection, 'AssignResource', { ...named(resource), node: 'n' });
    while (this.running) {
      const tenure = `owner-${at}-${randomUUID().slice(0, 8)}`;
      for (let held = 0; held <= renewalsMax && this.running; held += 1) {
        if (!(await this.claim(connection, resource, tenure))) break;
        await sleep(renewEveryMs);
      }
      await sleep(300);
    }
    await connection.close();
  }

  private async claim(
    connection: NatsConnection,
    resource: string,
    owner: string,
  ): Promise<boolean> {
    const calledAt = performance.now();
    const data = { ...named(resource), owner, ttlMs: leaseTtlMs };
    const reply = await this.send(connection, 'ClaimOwnership', data);
    const fence = reply?.['fence'];
    if (typeof fence !== 'number') {
      // Refused as absent after a restart of the run's first moments: make it again.
      if (reply) await this.send(connection, 'AssignResource', { ...named(resource), node: 'n' });
      return false;
    }
    this.grants.push({ resource, owner, fence, calledAt, returnedAt: performance.now() });
    return true;
  }

  /** Null when there was no answer. */
  private async send(
    connection: NatsConnection,
    command: string,
    data: object,
  ): Promise<Record<string, unknown> | null> {
    const body = JSON.stringify({ commandId: randomUUID(), data });
    const subject = subjects.command(leaseNamespace, command);
    try {
      const reply = await connection.request(subject, body, { timeout: timeoutMs });
      return reply.json<Record<string, unknown>>();
    } catch {
      return null;
    }
  }
}

const named = (resourceId: string) => ({ tenantId: 'leases', resourceId });
