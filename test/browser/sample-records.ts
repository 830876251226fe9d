import { randomUUID } from 'node:crypto';
import { asOperator } from './tokens.js';

const tenants = ['acme', 'globex', 'initech', 'umbrella'];
const atOnce = 24;
const triesMax = 20;

/**
 * By HTTP, as any client would: what is unavailable for a moment is tried again with the same
 * commandId. Throws unless the answer is `expected`.
 */
export async function send(
  base: string,
  command: string,
  data: object,
  rest: object = {},
  expected = 200,
): Promise<void> {
  const body = JSON.stringify({ commandId: randomUUID(), data, ...rest });
  const headers = { 'content-type': 'application/json', ...asOperator };
  const url = `${base}/api/v1/commands/prod/${command}`;
  for (let tries = 1; ; tries += 1) {
    const response = await fetch(url, { method: 'POST', headers, body });
    const text = await response.text();
    if (response.status === expected) return;
    if (response.status < 500 || tries === triesMax) throw new Error(`${command}: ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** A small cluster's worth of records; `acme/db-1` has a past. */
export async function fill(base: string, resources: number): Promise<void> {
  for (const tenantId of tenants) {
    await send(base, 'PlaceTenant', { tenantId, cell: 'eu-1', tier: 'gold' });
  }
  const numbers = Array.from({ length: resources }, (_, at) => at + 1);
  while (numbers.length > 0) {
    const some = numbers.splice(0, atOnce);
    await Promise.all(
      some.map((at) => {
        const tenantId = tenants[at % tenants.length];
        const data = { tenantId, resourceId: `db-${at}`, node: `node-${at % 7}`, kind: 'db' };
        return send(base, 'AssignResource', { ...data, labels: { zone: 'eu-1a' } });
      }),
    );
  }
  await giveAPast(base);
}

/** Resources move about for a while, so that there is life to see. */
export async function trickle(base: string, forMs: number): Promise<void> {
  const until = Date.now() + forMs;
  for (let at = 0; Date.now() < until; at += 1) {
    const tenantId = tenants[at % tenants.length];
    const burst = 2 + Math.round(4 * (1 + Math.sin(at / 12)));
    const moves = Array.from({ length: burst }, (_, nth) =>
      send(base, 'AssignResource', { tenantId, resourceId: `app-${nth}`, node: `node-${at}` }),
    );
    await Promise.all(moves);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

async function giveAPast(base: string): Promise<void> {
  const name = { tenantId: 'acme', resourceId: 'db-1' };
  const meta = { actor: 'scheduler', reason: 'rebalance' };
  await send(base, 'AssignResource', { ...name, node: 'node-a', kind: 'db' }, { meta });
  const moved = { ...name, node: 'node-b', kind: 'db', labels: { zone: 'eu-1b', tier: 'hot' } };
  await send(base, 'AssignResource', moved, { meta });
  await send(base, 'ClaimOwnership', { ...name, owner: 'worker-17' });
  const stale = { expect: { version: 1 } };
  await send(base, 'AssignResource', { ...name, node: 'node-c' }, stale, 409);
}
