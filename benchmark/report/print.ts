import { millis } from '../measures/rounds.js';
import { ratioOf } from './report.js';
import type { FigureReport, Report } from './report.js';

/** The table on the terminal; the last line is the last load's ratio, for scripts. */
export function printReport(report: Report): void {
  const [first, second] = report.sides.map((side) => side.label);
  for (const { label, version, guarantees } of report.sides) {
    console.log(`${label}: ${version}; put: ${guarantees.put}; get: ${guarantees.get}`);
  }
  for (const row of report.rows) {
    for (const { label } of report.sides) {
      const side = row.sides[label];
      if (!side) continue;
      const latency = `p50 ${millis(side.p50)} ms, p99 ${millis(side.p99)} ms`;
      const trouble = side.failed > 0 ? `, failed ${side.failed}: ${side.firstError}` : '';
      console.log(`${row.load} ${label} ${side.perSecond}/s, ${latency}${trouble}`);
    }
    console.log(`${row.load} ${first}/${second} ${ratioOf(report, row).toFixed(2)}`);
  }
}

export function printFigures({ rows }: FigureReport): void {
  for (const { name, unit, value } of rows) console.log(`${name}: ${value} ${unit}`);
}
