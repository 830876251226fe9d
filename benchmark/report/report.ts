import type { Measured } from '../measures/rounds.js';
import type { Machine } from './machine.js';

/** What a comparison leaves behind, as it lies in `benchmark/results/<what>.json`. */
export interface Report {
  readonly what: string;
  readonly machine: Machine;
  readonly sides: readonly ReportSide[];
  readonly rows: readonly ReportRow[];
}

export interface ReportSide {
  readonly label: string;
  readonly version: string;
  readonly guarantees: { readonly put: string; readonly get: string };
}

export interface ReportRow {
  readonly load: string;
  readonly sides: Readonly<Record<string, Measured>>;
}

/** A measurement that is a few figures and no comparison of loads. */
export interface FigureReport {
  readonly what: string;
  readonly machine: Machine;
  /** How it was measured, in one sentence. */
  readonly note: string;
  readonly rows: readonly Figure[];
}

export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
}

/** How many times the first side's rate is the second's. */
export function ratioOf(report: Report, row: ReportRow): number {
  const [first, second] = report.sides;
  const a = row.sides[first?.label ?? '']?.perSecond ?? 0;
  const b = row.sides[second?.label ?? '']?.perSecond ?? 0;
  return b === 0 ? 0 : Math.round((a / b) * 100) / 100;
}
