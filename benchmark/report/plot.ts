/** Bars side by side, as SVG text: drawn by hand, so that a page needs nothing but a browser. */
export interface Plot {
  readonly title: string;
  readonly unit: string;
  readonly series: readonly string[];
  /** `values` in the order of `series`; missing ones leave a gap. */
  readonly groups: readonly { readonly name: string; readonly values: readonly number[] }[];
  /** Values far apart are told apart by their logarithms. */
  readonly logarithmic?: boolean;
}

const width = 720;
const height = 300;
const margin = { left: 64, right: 16, top: 48, bottom: 48 };
const colors = ['#2563eb', '#d97706', '#059669', '#9333ea', '#dc2626', '#475569'];
const gridLines = 4;

export function drawBars(plot: Plot): string {
  const largest = Math.max(1e-9, ...plot.groups.flatMap(({ values }) => values));
  const scale = scaleOf(plot, largest);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ` +
      'font-family="system-ui, sans-serif" font-size="11">',
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<text x="${margin.left}" y="18" font-size="14" font-weight="600">${escape(plot.title)}</text>`,
    ...legend(plot.series),
    ...grid(plot, largest, scale),
    ...plot.groups.flatMap((group, at) => bars(plot, group, at, scale)),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

type Scale = (value: number) => number;

/** Value → height of its bar. A logarithmic axis begins a factor of ten below the smallest. */
function scaleOf({ logarithmic, groups }: Plot, largest: number): Scale {
  const room = height - margin.top - margin.bottom;
  if (!logarithmic) return (value) => (value / largest) * room;
  const positive = groups.flatMap(({ values }) => values).filter((value) => value > 0);
  const floor = Math.min(...positive, largest) / 10;
  const span = Math.log(largest / floor);
  return (value) => (value <= floor ? 0 : (Math.log(value / floor) / span) * room);
}

function legend(series: readonly string[]): string[] {
  let x = margin.left;
  return series.flatMap((name, at) => {
    const mark = `<rect x="${x}" y="27" width="10" height="10" fill="${color(at)}"/>`;
    const text = `<text x="${x + 14}" y="36">${escape(name)}</text>`;
    x += 28 + name.length * 6.5;
    return [mark, text];
  });
}

function grid({ unit, logarithmic }: Plot, largest: number, scale: Scale): string[] {
  const base = height - margin.bottom;
  const lines = Array.from({ length: gridLines + 1 }, (_, at) => {
    const value = logarithmic ? largest / 10 ** (gridLines - at) : (largest * at) / gridLines;
    const y = base - scale(value);
    const line = `<line x1="${margin.left}" x2="${width - margin.right}" y1="${y}" y2="${y}"`;
    return [`${line} stroke="#e5e7eb"/>`, besideAxis(y + 4, short(value))];
  });
  return [...lines.flat(), besideAxis(36, unit)];
}

function besideAxis(y: number, text: string): string {
  const place = `x="${margin.left - 6}" y="${y}" text-anchor="end" fill="#6b7280"`;
  return `<text ${place}>${escape(text)}</text>`;
}

function bars(plot: Plot, group: Plot['groups'][number], at: number, scale: Scale): string[] {
  const space = (width - margin.left - margin.right) / plot.groups.length;
  const thickness = Math.min(48, (space * 0.8) / plot.series.length);
  const from = margin.left + space * at + (space - thickness * plot.series.length) / 2;
  const base = height - margin.bottom;
  const drawn = group.values.flatMap((value, index) => {
    const x = from + thickness * index;
    const tall = scale(value);
    const shape = `x="${x}" y="${base - tall}" width="${thickness - 2}" height="${tall}"`;
    const middle = x + thickness / 2 - 1;
    return [
      `<rect ${shape} fill="${color(index)}"/>`,
      `<text x="${middle}" y="${base - tall - 4}" text-anchor="middle">${short(value)}</text>`,
    ];
  });
  const x = margin.left + space * (at + 0.5);
  const name = `<text x="${x}" y="${base + 18}" text-anchor="middle">${escape(group.name)}</text>`;
  return [...drawn, name];
}

const color = (at: number): string => colors[at % colors.length] ?? '#000000';

/** Three digits and a letter: 1234 → 1.23k. */
export function short(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (value >= 1e3) return `${Number((value / 1e3).toPrecision(3))}k`;
  return String(Number(value.toPrecision(3)));
}

function escape(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
