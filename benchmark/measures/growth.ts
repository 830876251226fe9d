import { startMetad } from '../peers/metad/servers.js';
import { describeMachine } from '../report/machine.js';
import type { Figure, FigureReport } from '../report/report.js';
import { alternate } from './rounds.js';
import { ensureFolder, Side } from './side.js';
import type { VersusOptions } from './versus.js';

const valueBytes = 256;
const arrival = { kind: 'closed', outstanding: 256 } as const;
const fewPartitions = 8;
const manyPartitions = 1_024;
const fewRecords = 10_000;
const manyRecords = 1_000_000;
/** Each size is measured in so many clusters, in turns: what drifts on the machine meets both. */
const turns = 2;
const settleSeconds = 15;
const rounds = { rounds: 2, seconds: 5, warmupSeconds: 1, repeatsMax: 1 };
const quickRounds = { rounds: 1, seconds: 3, warmupSeconds: 1, repeatsMax: 0 };

/** What becomes of the command rate when there is more of everything. */
export async function growth(options: VersusOptions): Promise<FigureReport> {
  const byPartitions = await overPartitions(options);
  const byRecords = await overRecords(options);
  const note = '256 outstanding, values of 256 bytes, without projections; medians';
  const rows = [...byPartitions, ...byRecords];
  return { what: 'growth', machine: describeMachine(), note, rows };
}

async function overPartitions(options: VersusOptions): Promise<Figure[]> {
  const few: number[] = [];
  const many: number[] = [];
  for (let turn = 0; turn < (options.quick ? 1 : turns); turn += 1) {
    few.push(await rateWith(fewPartitions, turn, options));
    many.push(await rateWith(manyPartitions, turn, options));
  }
  return compared(`${fewPartitions} partitions`, few, `${manyPartitions} partitions`, many);
}

async function rateWith(partitions: number, turn: number, options: VersusOptions): Promise<number> {
  const side = await start(options, partitions, `partitions-${partitions}-${turn}`);
  try {
    await settle(side);
    return await rateOf(side, fewRecords, options.quick);
  } finally {
    await side.stop();
  }
}

async function overRecords(options: VersusOptions): Promise<Figure[]> {
  const side = await start(options, fewPartitions, 'records');
  const records = options.quick ? manyRecords / 10 : manyRecords;
  try {
    await settle(side);
    await fill(side, fewRecords);
    const few = [await rateOf(side, fewRecords, options.quick)];
    await fill(side, records);
    const many = [await rateOf(side, records, options.quick)];
    return compared(`${fewRecords} records`, few, `${records} records`, many);
  } finally {
    await side.stop();
  }
}

function start(options: VersusOptions, partitions: number, folder: string): Promise<Side> {
  ensureFolder(options, folder);
  return Side.start(folder, options.directory, (directory) =>
    startMetad({ ...options, partitions, projections: false, directory }),
  );
}

const settle = (side: Side): Promise<unknown> =>
  side.run({
    ...{ operation: 'put', arrival, records: fewRecords, valueBytes },
    ...{ warmupSeconds: 0, seconds: settleSeconds },
  });

const fill = (side: Side, records: number): Promise<unknown> =>
  side.run({
    ...{ operation: 'insert', arrival, records, valueBytes },
    ...{ warmupSeconds: 0, seconds: 0 },
  });

async function rateOf(side: Side, records: number, quick: boolean): Promise<number> {
  const plan = { operation: 'put', arrival, records, valueBytes } as const;
  const load = { name: `commands@256 of ${records}`, plan };
  const measured = await alternate([side], load, quick ? quickRounds : rounds);
  return measured.get(side.label)?.perSecond ?? 0;
}

function compared(
  few: string,
  fewRates: readonly number[],
  many: string,
  manyRates: readonly number[],
): Figure[] {
  const [before, after] = [mean(fewRates), mean(manyRates)];
  const ratio = before === 0 ? 0 : Math.round((after / before) * 100) / 100;
  return [
    { name: few, unit: 'commands/s', value: Math.round(before) },
    { name: many, unit: 'commands/s', value: Math.round(after) },
    { name: `${many} in ${few}`, unit: 'ratio', value: ratio },
  ];
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
