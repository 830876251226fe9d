import { startMetad } from '../peers/metad/servers.js';
import type { PeerName } from '../peers/peer.js';
import { startPeer } from '../peers/servers.js';
import type { Report, ReportRow } from '../report/report.js';
import { describeMachine } from '../report/machine.js';
import { alternate } from './rounds.js';
import type { Load, Measured, RoundOptions } from './rounds.js';
import { Side } from './side.js';

const valueBytes = 256;
const records = 10_000;
const outstandings = [1, 64, 256, 1_000];
const quickRounds: RoundOptions = { rounds: 2, seconds: 3, warmupSeconds: 1.5, repeatsMax: 0 };
const fullRounds: RoundOptions = { rounds: 3, seconds: 5, warmupSeconds: 2, repeatsMax: 2 };

export interface VersusOptions {
  readonly quick: boolean;
  readonly projections: boolean;
  readonly partitions: number;
  readonly directory: string;
}

/** The same work on metad and on a peer, alternating, on this machine. */
export async function versus(peer: PeerName, options: VersusOptions): Promise<Report> {
  const sides: Side[] = [];
  const rows: ReportRow[] = [];
  try {
    sides.push(
      await Side.start('metad', options.directory, (directory) =>
        startMetad({ ...options, directory }),
      ),
    );
    sides.push(
      await Side.start(peer, options.directory, (directory) => startPeer(peer, { directory })),
    );
    for (const load of loadsOf(peer, options.quick)) {
      if (load.plan.operation === 'insert') {
        for (const side of sides) await side.run({ ...load.plan, seconds: 0, warmupSeconds: 0 });
        continue;
      }
      const rounds = options.quick ? quickRounds : fullRounds;
      rows.push(rowOf(load.name, await alternate(sides, load, rounds)));
    }
    return {
      what: options.projections ? `versus-${peer}` : `versus-${peer}-without-projections`,
      machine: describeMachine(),
      sides: sides.map(({ label, servers }) => ({
        label,
        version: servers.version,
        guarantees: servers.guarantees,
      })),
      rows,
    };
  } finally {
    for (const side of sides) await side.stop();
  }
}

function rowOf(load: string, measured: ReadonlyMap<string, Measured>): ReportRow {
  return { load, sides: Object.fromEntries(measured) };
}

function loadsOf(peer: PeerName, quick: boolean): Load[] {
  const closed = (operation: 'insert' | 'put' | 'get', outstanding: number): Load['plan'] => ({
    operation,
    arrival: { kind: 'closed', outstanding },
    records,
    valueBytes,
  });
  const fill: Load = { name: 'fill', plan: closed('insert', 256) };
  if (quick) {
    const commands = { name: 'commands@256', plan: closed('put', 256) };
    return peer === 'zookeeper' ? [fill, commands] : [commands];
  }
  const commands = outstandings.map((outstanding) => ({
    name: `commands@${outstanding}`,
    plan: closed('put', outstanding),
  }));
  const reads = peer === 'ceiling' ? [] : [{ name: 'reads@256', plan: closed('get', 256) }];
  return [fill, ...commands, ...reads];
}
