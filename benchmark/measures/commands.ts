import { startMetad } from '../peers/metad/servers.js';
import { describeMachine } from '../report/machine.js';
import type { Report, ReportRow } from '../report/report.js';
import { alternate } from './rounds.js';
import type { Load } from './rounds.js';
import type { Operation } from '../load/load-plan.js';
import { Side } from './side.js';
import type { VersusOptions } from './versus.js';

const shape = { records: 10_000, valueBytes: 256 };
const outstandings = [1, 64, 256, 1_000];
/** Open loop, as parts of the closed loop's highest rate. */
const parts = [0.25, 0.5, 0.75];
const rounds = { rounds: 3, seconds: 5, warmupSeconds: 2, repeatsMax: 1 };
const openOutstandingMax = 10_000;

/**
 * One operation by itself: closed loops show the highest rate, open loops what a client waits at
 * a rate that is offered whether or not the service keeps up.
 */
export async function alone(
  what: 'commands' | 'reads',
  options: VersusOptions,
  settings: readonly boolean[] = [true, false],
): Promise<Report> {
  const operation: Operation = what === 'commands' ? 'put' : 'get';
  const rows = new Map<string, ReportRow['sides']>();
  const sides: Report['sides'][number][] = [];
  for (const projections of settings) {
    const label = projections ? 'with projections' : 'without projections';
    const folder = projections ? 'with' : 'without';
    const side = await Side.start(folder, options.directory, (directory) =>
      startMetad({ ...options, projections, directory }),
    );
    try {
      const { version, guarantees } = side.servers;
      sides.push({ label, version, guarantees });
      for (const [load, measured] of await measure(side, what, operation)) {
        rows.set(load, { ...rows.get(load), [label]: measured });
      }
    } finally {
      await side.stop();
    }
  }
  const list = [...rows].map(([load, measured]) => ({ load, sides: measured }));
  return { what, machine: describeMachine(), sides, rows: list };
}

async function measure(side: Side, what: string, operation: Operation) {
  const fill = { operation: 'insert', arrival: { kind: 'closed', outstanding: 256 } } as const;
  await side.run({ ...fill, ...shape, seconds: 0, warmupSeconds: 0 });
  const rows: [string, ReportRow['sides'][string]][] = [];
  const take = async (load: Load): Promise<number> => {
    const measured = (await alternate([side], load, rounds)).get(side.label);
    if (measured) rows.push([load.name, measured]);
    return measured?.perSecond ?? 0;
  };
  let highest = 0;
  for (const outstanding of outstandings) {
    const plan = { operation, arrival: { kind: 'closed', outstanding } as const, ...shape };
    highest = Math.max(highest, await take({ name: `${what}@${outstanding}`, plan }));
  }
  for (const part of parts) {
    const perSecond = Math.max(1, Math.round(highest * part));
    const arrival = { kind: 'open', perSecond, outstandingMax: openOutstandingMax } as const;
    const name = `${what} offered at ${part * 100} %`;
    await take({ name, plan: { operation, arrival, ...shape } });
  }
  return rows;
}
