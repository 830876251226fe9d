import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measurePeer } from './measures/peer-alone.js';
import { profile } from './measures/profile.js';
import { versus } from './measures/versus.js';
import type { PeerName } from './peers/peer.js';
import { printReport } from './report/print.js';
import { saveReport } from './report/save.js';

const usage = `usage: npm run bench -- <what> [options]
  versus etcd|zookeeper|jetstream|postgres|ceiling   the same work on metad and a peer, alternating
      --quick             one load (commands@256), within 50 s
      --no-projections    metad without SQL
      --partitions N      user partitions of metad (8)
  alone <peer>            a peer by itself
  profile [outstanding]   where metad's nodes spend their time
`;

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    allowNegative: true,
    options: {
      quick: { type: 'boolean', default: false },
      projections: { type: 'boolean', default: true },
      partitions: { type: 'string', default: '8' },
    },
  });
  const [what, peer] = positionals;
  const directory = mkdtempSync(join(tmpdir(), 'metad-bench-'));
  chmodSync(directory, 0o755); // PostgreSQL runs as another user.
  const options = { ...values, partitions: Number(values.partitions), directory };
  try {
    if (what === 'versus' && peer) {
      const report = await versus(peer as PeerName, options);
      if (!values.quick) saveReport(report);
      printReport(report);
    } else if (what === 'alone' && peer) {
      await measurePeer(peer as PeerName, options);
    } else if (what === 'profile') {
      await profile(options, Number(peer ?? 256));
    } else {
      console.log(usage);
      process.exitCode = 1;
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

await main();
