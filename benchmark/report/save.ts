import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../test/cluster/process/metad-node.js';
import type { FigureReport, Report } from './report.js';

export function saveReport(report: Report | FigureReport): void {
  const folder = join(packageRoot(), 'benchmark', 'results');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${report.what}.json`);
  writeFileSync(path, `${JSON.stringify(report, null, 1)}\n`);
  console.log(`saved ${path}`);
}
