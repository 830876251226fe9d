import { join } from 'node:path';
import { brokerUrls } from '../../app/nats/broker-url.js';
import { maskedUrl } from '../../app/settings/masked-url.js';
import { startBroker, startPostgres } from '../embedded/index.js';
import { nextFreePort } from '../free-port.js';
import type { LaunchOptions } from './launch-options.js';

/** The broker and the database that the nodes use: given from outside, or brought up here. */
export interface Infrastructure {
  readonly natsUrl: string;
  /** Empty: no SQL projections. */
  readonly databaseUrl: string;
  /** For the terminal: what is real and what is embedded. */
  readonly summary: string;
  stop(): Promise<void>;
}

type Stop = () => Promise<void>;
type Part = readonly [url: string, summary: string, stop: Stop];

const nothingToStop: Stop = async () => undefined;

export async function bringUp(
  options: LaunchOptions,
  env: NodeJS.ProcessEnv,
): Promise<Infrastructure> {
  const [natsUrl, broker, stopBroker] = await bringUpBroker(options, env['NATS_URL']);
  try {
    const given = env['DATABASE_URL'];
    const [databaseUrl, database, stopDatabase] = await bringUpDatabase(options, given);
    const stop = async (): Promise<void> => {
      await stopDatabase();
      await stopBroker();
    };
    return { natsUrl, databaseUrl, summary: `${broker}, ${database}`, stop };
  } catch (error) {
    await stopBroker();
    throw error;
  }
}

async function bringUpBroker(options: LaunchOptions, given: string | undefined): Promise<Part> {
  if (given !== undefined && given !== '') {
    const urls = brokerUrls(given).join(',');
    return [urls, `broker at ${maskedUrl(urls)}`, nothingToStop];
  }
  const broker = await startBroker({ port: await nextFreePort(options.natsPort) });
  return [broker.url, `embedded broker at ${broker.url}`, () => broker.close()];
}

async function bringUpDatabase(options: LaunchOptions, given: string | undefined): Promise<Part> {
  if (given === '') return ['', 'no database (DATABASE_URL is empty)', nothingToStop];
  if (given !== undefined) return [given, 'database of DATABASE_URL', nothingToStop];
  const postgres = await startPostgres({ dataDir: join(options.dataDir, 'postgres') });
  const summary = `${postgres.source} Postgres in ${postgres.folder}`;
  return [postgres.url, summary, () => postgres.stop()];
}
