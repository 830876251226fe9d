import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { describe, expect, it } from '@jest/globals';
import { findNatsServer, startNatsServer } from '../fixtures/broker/nats-server.js';
import { testPort } from '../fixtures/ports.js';
import { OneNode } from '../fixtures/secured/one-node.js';

const ACCOUNTS = `accounts {
  METAD { users: [ { user: node, password: node } ]
    exports: [ { service: "metad.v1.cmd.prod.*" }, { service: "metad.v1.query.prod.*" } ] }
  PROD { users: [ { user: prod, password: prod } ]
    imports: [ { service: { account: METAD, subject: "metad.v1.cmd.prod.*" } }
               { service: { account: METAD, subject: "metad.v1.query.prod.*" } } ] }
}`;

const binary = findNatsServer();
const suite = (server: string): void => {
  it('is answered, where the broker names no inbox of its own', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'metad-accounts-'));
    const file = join(folder, 'nats.conf');
    writeFileSync(file, ACCOUNTS);
    const broker = await startNatsServer(server, await testPort(), ['-c', file]);
    const url = broker.url.replace('//', '//node:node@');
    const node = await OneNode.start(folder, { NATS_URL: url });
    const caller = await connect({ servers: broker.url, user: 'prod', pass: 'prod' });
    const data = { tenantId: 'acme', resourceId: 'db-1', node: 'node-a' };
    const command = { commandId: '01990000-0000-7000-8000-000000000001', data };
    const placed = await caller.request(
      'metad.v1.cmd.prod.AssignResource',
      JSON.stringify(command),
      { timeout: 5_000 },
    );
    expect(placed.json()).toMatchObject({ outcome: 'applied' });
    const params = { tenantId: 'acme', resourceId: 'db-1' };
    const found = await caller.request(
      'metad.v1.query.prod.GetResource',
      JSON.stringify({ params, consistency: 'linearizable' }),
      { timeout: 5_000 },
    );
    expect(found.json()).toMatchObject({ item: { resourceId: 'db-1', node: 'node-a' } });
    await caller.close();
    await node.stop();
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  });
};

const required = process.env['METAD_TEST_NATS_SERVER'] === 'required';
if (binary !== null || required) {
  describe('a caller of an account that imports the service', () => suite(binary ?? 'nats-server'));
} else {
  // The embedded broker has no accounts, and the name stands in the output.
  it('NOT PROVED: imports of accounts, as there is no nats-server on this machine', () => {
    expect(binary).toBeNull();
  });
}
