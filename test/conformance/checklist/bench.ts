import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createToken } from '../../../src/http/access/create-token.js';
import { OneNode } from '../../fixtures/secured/one-node.js';
import { WholeCluster } from '../../fixtures/whole-cluster.js';
import { Ledger } from './ledger.js';
import { writeSample } from './sample.js';
import { Wire } from './wire.js';

/** Everything the chapters ask: three nodes as they come, and one that is kept short. */
export interface Bench {
  readonly cluster: WholeCluster;
  readonly wire: Wire;
  readonly ledger: Ledger;
  /** HTTP addresses of n1, n2, n3. */
  readonly http: readonly string[];
  /** Where the sample's last writes landed, in every partition that it touched. */
  readonly written: string;
  readonly narrow: Narrow;
}

/** A node of its own cluster: no database, a tokens file, and hardly anything in flight. */
export interface Narrow {
  readonly node: OneNode;
  readonly wire: Wire;
  /** A reader's of namespace `prod`. */
  readonly token: string;
}

export const partitions = 4;
/** Where clients of the narrow node may be answered. */
export const inboxPrefix = 'suite.inbox';

export async function openBench(): Promise<Bench> {
  const ledger = new Ledger();
  const cluster = await WholeCluster.start(partitions);
  const wire = new Wire(cluster.nats, cluster.broker.prefix, ledger);
  const [, http = ''] = /metad ready {2}http=(\S+)/.exec(cluster.launcher.text) ?? [];
  const narrow = await openNarrow(cluster, ledger);
  const written = await writeSample(wire);
  return { cluster, wire, ledger, http: http.split(','), written, narrow };
}

export async function closeBench({ cluster, narrow }: Bench): Promise<void> {
  await narrow.node.stop();
  await rm(narrow.node.folder, { recursive: true, force: true });
  await cluster.stop();
}

async function openNarrow({ broker, nats }: WholeCluster, ledger: Ledger): Promise<Narrow> {
  const folder = await mkdtemp(join(tmpdir(), 'metad-narrow-'));
  const { token, entry } = createToken(
    ['--role', 'reader', '--namespace', 'prod', '--name', 'suite'],
    Date.now(),
  );
  await writeFile(join(folder, 'tokens.yaml'), entry);
  const prefix = `${broker.prefix.split('.')[0] ?? ''}.narrow`;
  const node = await OneNode.start(folder, {
    NATS_URL: broker.url,
    METAD_CLUSTER: `${broker.cluster}-narrow`,
    METAD_SUBJECT_PREFIX: prefix,
    METAD_HTTP_TOKENS_FILE: join(folder, 'tokens.yaml'),
    METAD_PARTITION_IN_FLIGHT_MAX: '1',
    METAD_REQUEST_BYTES_MAX: '2048',
    METAD_INBOX_PREFIX: inboxPrefix,
  });
  return { node, wire: new Wire(nats, prefix, ledger), token };
}

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

/** Looks again and again until there is something to see. */
export async function eventually<T>(
  look: () => T | null | undefined | Promise<T | null | undefined>,
  what: string,
  withinMs = 30_000,
): Promise<T> {
  const giveUpAt = Date.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined) return seen;
    if (Date.now() > giveUpAt) throw new Error(`never seen: ${what}`);
    await pause(50);
  }
}
