import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../test/cluster/process/metad-node.js';
import { millis } from '../measures/rounds.js';
import type { Machine } from './machine.js';
import { drawBars, drawFigures } from './plot.js';
import { ratioOf } from './report.js';
import type { FigureReport, Report, ReportRow } from './report.js';

const INTRODUCTION = `# Measured

Made by \`npm run bench -- page\` from \`results/*.json\`; every table was written by the
command above it. Numbers of different tables were taken at different times: compare within a table.

How it is measured: three processes of each side and a load generator of its own for each, on one
machine and one file system; rounds alternate between the sides and their order turns; the table
shows medians over the rounds. A closed loop keeps so many requests outstanding; an open loop sends
at fixed times and counts latency from the time a request was meant to leave, so that a stall is
charged for everybody it kept waiting. The load generator's CPU is shown, and so is whatever else
used the machine meanwhile ("others"). "CPU each" is the processor time of servers and client for
one operation: on a machine that does other work at the same time it is steadier than a rate.
`;

/** Writes `benchmark/README.md` and one SVG per table from the saved results. */
export function writePage(): void {
  const folder = join(packageRoot(), 'benchmark');
  const results = join(folder, 'results');
  const plots = join(results, 'plots');
  mkdirSync(plots, { recursive: true });
  const names = readdirSync(results).filter((name) => name.endsWith('.json'));
  const sections = names.sort().map((name) => {
    const report = JSON.parse(readFileSync(join(results, name), 'utf8')) as Report | FigureReport;
    writeFileSync(join(plots, `${report.what}.svg`), drawingOf(report));
    return 'sides' in report ? comparison(report) : figures(report);
  });
  writeFileSync(join(folder, 'README.md'), [INTRODUCTION, ...sections].join('\n'));
  console.log(`wrote benchmark/README.md with ${sections.length} tables`);
}

function drawingOf(report: Report | FigureReport): string {
  if ('sides' in report) {
    const series = report.sides.map(({ label }) => label);
    const groups = report.rows.map(({ load, sides }) => ({
      name: load,
      values: series.map((label) => sides[label]?.perSecond ?? 0),
    }));
    return drawBars({ title: report.what, unit: 'per second', series, groups });
  }
  return drawFigures(report.what, report.rows);
}

function comparison(report: Report): string {
  const versus = report.what.startsWith('versus');
  const head = [
    'load',
    'side',
    'per second',
    'p50 ms',
    'p99 ms',
    'CPU each µs',
    'load / others cores',
  ];
  if (versus) head.push('ratio');
  const rows = report.rows.flatMap((row) =>
    report.sides.map(({ label }, at) => lineOf(report, row, label, versus && at === 0)),
  );
  const promises = report.sides.map(
    ({ label, version, guarantees }) =>
      `- **${label}**: ${version}. Put: ${guarantees.put}. Get: ${guarantees.get}.`,
  );
  return [
    heading(report.what, report.machine),
    ...promises,
    '',
    table(head),
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
    '',
    `![${report.what}](results/plots/${report.what}.svg)`,
    '',
  ].join('\n');
}

function lineOf(report: Report, row: ReportRow, label: string, withRatio: boolean): string[] {
  const side = row.sides[label];
  if (!side) return [row.load, label, '–'];
  const { perSecond, p50, p99, cpuMicros, cores, failed } = side;
  const rate = failed > 0 ? `${perSecond} (${failed} failed)` : String(perSecond);
  const cells = [row.load, label, rate, millis(p50), millis(p99), String(cpuMicros)];
  cells.push(`${cores.load} / ${cores.others}`);
  if (withRatio) cells.push(`**${ratioOf(report, row).toFixed(2)}**`);
  return cells;
}

function figures({ what, machine, note, rows }: FigureReport): string {
  return [
    heading(what, machine),
    `${note}.`,
    '',
    table(['what', 'measured']),
    ...rows.map(({ name, unit, value }) => `| ${name} | ${rounded(value)} ${unit} |`),
    '',
    `![${what}](results/plots/${what}.svg)`,
    '',
  ].join('\n');
}

function heading(what: string, { date, processors, memoryGiB, kernel, node }: Machine): string {
  return (
    `## ${what}\n\n\`npm run bench -- ${commandOf(what)}\` · ` +
    `${date} UTC · ` +
    `${processors}, ${memoryGiB} GiB, Linux ${kernel}, Node ${node}\n`
  );
}

function table(head: readonly string[]): string {
  return `| ${head.join(' | ')} |\n|${head.map(() => ' --- ').join('|')}|`;
}

/** Three digits are what a measurement on a shared machine is good for; counts stay whole. */
const rounded = (value: number): number =>
  Number.isInteger(value) ? value : Number(value.toPrecision(3));

/** How a report's name was asked for: `versus-etcd-without-projections-libraries`. */
const commandOf = (what: string): string =>
  what
    .replace(/^versus-/, 'versus ')
    .replace('-without-projections', ' --no-projections')
    .replace('-libraries', ' --clients library');
