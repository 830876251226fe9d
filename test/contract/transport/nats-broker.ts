import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { testPort } from '../../fixtures/ports.js';

const BINARIES = ['/usr/sbin/nats-server', '/usr/local/bin/nats-server', '/usr/bin/nats-server'];

export interface Broker {
  readonly url: string;
  /** False when the broker is not ours to stop or pause. */
  readonly process: ChildProcess | null;
  stop(): Promise<void>;
}

/**
 * The broker that tests run against: METAD_TEST_NATS_URL, else NATS_URL, else a nats-server of our
 * own. Null when there is none of them: suites then say so instead of passing in silence.
 */
export async function startBroker(): Promise<Broker | null> {
  const given = process.env['METAD_TEST_NATS_URL'] ?? process.env['NATS_URL'];
  if (given) return { url: given, process: null, stop: async () => {} };
  const binary = BINARIES.find((path) => existsSync(path));
  if (binary === undefined) return null;
  const port = await testPort();
  const child = spawn(binary, ['-a', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  const url = `nats://127.0.0.1:${port}`;
  await (await connectTo(url)).close();
  return {
    url,
    process: child,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill();
      }),
  };
}

/** Connects, waiting for a broker that is just starting. */
export async function connectTo(url: string): Promise<NatsConnection> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await connect({ servers: url, reconnectTimeWait: 50 });
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }
}
