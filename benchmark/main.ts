import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { alone } from './measures/commands.js';
import { consensus } from './measures/consensus.js';
import { failover } from './measures/failover.js';
import { growth } from './measures/growth.js';
import { idle } from './measures/idle.js';
import { lookUps } from './measures/look-ups.js';
import { measurePeer } from './measures/peer-alone.js';
import { profile } from './measures/profile.js';
import { projection } from './measures/projection.js';
import { rebuild } from './measures/rebuild.js';
import { recovery } from './measures/recovery.js';
import { versus } from './measures/versus.js';
import type { VersusOptions } from './measures/versus.js';
import { watch } from './measures/watch.js';
import { libraryPeers } from './peers/clients.js';
import type { ClientKind, PeerName } from './peers/peer.js';
import { writePage } from './report/page.js';
import { printFigures, printReport } from './report/print.js';
import type { FigureReport, Report } from './report/report.js';
import { saveReport } from './report/save.js';

const usage = `usage: npm run bench -- <what> [options]
  commands | reads        metad by itself: closed and open loops, with and without projections
  watch | look-ups | projection | rebuild | failover | idle | recovery | growth
  versus etcd|zookeeper|jetstream|postgres|ceiling
                          the same work on metad and on a peer, alternating
  consensus               Raft and its log without the service: 8, 1,024 and 10,000 partitions
  ceiling                 a bare replication loop by itself: what this machine could do
  alone <peer>            any peer by itself
  profile [outstanding]   where the time of metad's nodes goes
  page                    benchmark/README.md and its plots, from the saved results
options
  --quick                 one load (commands@256), within 50 s; nothing is saved
  --no-projections        metad without SQL
  --partitions N          user partitions of metad (8)
  --rounds N              kills in failover (20)
  --clients library|lean  what a Node service would use (@metad/client, @grpc/grpc-js), or clients
                          that cost next to nothing; default: library where the peer has one`;

function clientsOf(given: string | undefined, peer: string): ClientKind {
  if (given === 'library' || given === 'lean') return given;
  return libraryPeers.includes(peer as PeerName) ? 'library' : 'lean';
}

type Options = VersusOptions & { readonly rounds: number };
type Measure = (options: Options, argument: string) => Promise<Report | FigureReport | null>;

const MEASURES: Readonly<Record<string, Measure>> = {
  commands: (options) => alone('commands', options),
  reads: (options) => alone('reads', options, [false]),
  watch,
  'look-ups': lookUps,
  consensus,
  projection,
  rebuild,
  failover: (options) => failover(options, options.rounds),
  idle,
  growth,
  recovery,
  versus: (options, peer) => versus(peer as PeerName, options),
  ceiling: (options) => nothing(measurePeer('ceiling', options)),
  alone: (options, peer) => nothing(measurePeer(peer as PeerName, options)),
  profile: (options, outstanding) => nothing(profile(options, Number(outstanding || 256))),
  page: async () => (writePage(), null),
};

async function nothing(work: Promise<void>): Promise<null> {
  await work;
  return null;
}

/** Null, and a line that says why, for options that there are not. */
function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      allowNegative: true,
      options: {
        quick: { type: 'boolean', default: false },
        projections: { type: 'boolean', default: true },
        partitions: { type: 'string', default: '8' },
        rounds: { type: 'string', default: '20' },
        clients: { type: 'string' },
      },
    });
  } catch (fault) {
    console.error(fault instanceof Error ? fault.message : fault);
    return null;
  }
}

async function main(): Promise<void> {
  const given = readArguments();
  const [what = '', argument = ''] = given?.positionals ?? [];
  const measure = MEASURES[what];
  if (given === null || !measure) {
    console.log(usage);
    process.exitCode = 1;
    return;
  }
  const { values } = given;
  const directory = mkdtempSync(join(tmpdir(), 'metad-bench-'));
  chmodSync(directory, 0o755); // PostgreSQL runs as another user.
  const { partitions, rounds, quick, projections } = values;
  const numbers = { partitions: Number(partitions), rounds: Number(rounds) };
  const clients = clientsOf(values.clients, argument);
  try {
    const report = await measure({ quick, projections, directory, clients, ...numbers }, argument);
    if (report && !quick) saveReport(report);
    if (report && 'sides' in report) printReport(report);
    else if (report) printFigures(report);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

await main();
