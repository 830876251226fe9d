import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { isPortFree } from '../../../src/cli/free-port.js';
import { findNatsServer } from '../../fixtures/broker/nats-server.js';
import { testPort } from '../../fixtures/ports.js';
import { NatsServer } from './nats-server.js';

const only = findNatsServer() === null ? [] : ['a broker'];

describe('a broker that faults restart', () => {
  it.each(only)('is gone when it is stopped, though restarts overlapped', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'metad-broker-'));
    const clientPort = await testPort();
    const server = await NatsServer.start({ name: 'b1', directory, clientPort });
    await Promise.all([server.restart(50), server.restart(10)]);
    await server.stop();
    expect(await isPortFree(clientPort)).toBe(true);
    rmSync(directory, { recursive: true });
  });
});
