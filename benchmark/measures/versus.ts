import { startMetad } from '../peers/metad/servers.js';
import type { ClientKind, PeerName } from '../peers/peer.js';
import { startPeer } from '../peers/servers.js';
import type { Report, ReportRow } from '../report/report.js';
import { describeMachine } from '../report/machine.js';
import { alternate } from './rounds.js';
import type { Load, Measured, RoundOptions } from './rounds.js';
import { Side } from './side.js';

const valueBytes = 256;
const records = 10_000;
const outstandings = [1, 64, 256, 1_000];
const quickRounds: RoundOptions = { rounds: 2, seconds: 3, warmupSeconds: 1, repeatsMax: 0 };
/**
 * Before anything is measured, seconds: a program that is compiled while it runs is slow at first,
 * and nobody runs a control plane for ten seconds.
 */
const settleSeconds = { quick: 6, full: 20 };
const fullRounds: RoundOptions = { rounds: 3, seconds: 5, warmupSeconds: 2, repeatsMax: 2 };

export interface VersusOptions {
  readonly quick: boolean;
  readonly projections: boolean;
  readonly partitions: number;
  readonly directory: string;
  readonly clients: ClientKind;
}

/** The same work on metad and on a peer, alternating, on this machine. */
export async function versus(peer: PeerName, options: VersusOptions): Promise<Report> {
  const sides: Side[] = [];
  const rows: ReportRow[] = [];
  try {
    sides.push(
      await Side.start(
        'metad',
        options.directory,
        (directory) => startMetad({ ...options, directory }),
        options.clients,
      ),
    );
    sides.push(
      await Side.start(
        peer,
        options.directory,
        (directory) => startPeer(peer, { directory }),
        options.clients,
      ),
    );
    for (const side of sides) await settle(side, options.quick);
    for (const load of loadsOf(peer, options.quick)) {
      if (load.plan.operation === 'insert') {
        for (const side of sides) await side.run({ ...load.plan, seconds: 0, warmupSeconds: 0 });
        continue;
      }
      const rounds = options.quick ? quickRounds : fullRounds;
      rows.push(rowOf(load.name, await alternate(sides, load, rounds)));
    }
    return {
      what:
        `versus-${peer}` +
        (options.projections ? '' : '-without-projections') +
        (options.clients === 'library' ? '-libraries' : ''),
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

async function settle(side: Side, quick: boolean): Promise<void> {
  const seconds = quick ? settleSeconds.quick : settleSeconds.full;
  const arrival = { kind: 'closed', outstanding: 256 } as const;
  const plan = { arrival, records, valueBytes, warmupSeconds: 0 };
  // What is put must be there, for a peer that cannot make it on the way.
  if (side.label === 'zookeeper') await side.run({ ...plan, operation: 'insert', seconds: 0 });
  await side.run({ ...plan, operation: 'put', seconds });
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
    return [commands];
  }
  const commands = outstandings.map((outstanding) => ({
    name: `commands@${outstanding}`,
    plan: closed('put', outstanding),
  }));
  const reads = peer === 'ceiling' ? [] : [{ name: 'reads@256', plan: closed('get', 256) }];
  return [fill, ...commands, ...reads];
}
