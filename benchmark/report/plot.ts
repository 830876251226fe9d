/** Bars side by side, as SVG text: drawn by hand, so that a page needs nothing but a browser. */
export interface Plot {
  readonly title: string;
  readonly unit: string;
  readonly series: readonly string[];
  /** `values` in the order of `series`; missing ones leave a gap. */
  readonly groups: readonly { readonly name: string; readonly values: readonly number[] }[];
}

const width = 720;
const height = 300;
const margin = { left: 64, right: 16, top: 48, bottom: 48 };
const colors = ['#2563eb', '#d97706', '#059669', '#9333ea', '#dc2626', '#475569'];
const gridLines = 4;
const figureTop = 34;
const figureHeight = 24;
const figureBarLeft = 360;
const figureBarWidth = 200;

export function drawBars(plot: Plot): string {
  const largest = Math.max(1e-9, ...plot.groups.flatMap(({ values }) => values));
  const room = height - margin.top - margin.bottom;
  const scale: Scale = (value) => (value / largest) * room;
  return drawing(height, [
    heading(margin.left, `${plot.title}, ${plot.unit}`),
    ...legend(plot.series),
    ...grid(largest, scale),
    ...plot.groups.flatMap((group, at) => bars(plot, group, at, scale)),
  ]);
}

/** One value, drawn beside the others of its unit. */
export interface PlottedFigure {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
}

/** Values of several units, a line each; a bar is as long as its share of its unit's largest. */
export function drawFigures(title: string, figures: readonly PlottedFigure[]): string {
  const tall = figureTop + figures.length * figureHeight + 12;
  const lines = figures.flatMap(({ name, unit, value }, at) => {
    const alike = figures.filter((other) => other.unit === unit).map((other) => other.value);
    const long = (value / Math.max(1e-9, ...alike)) * figureBarWidth;
    const y = figureTop + at * figureHeight;
    const bar = `x="${figureBarLeft}" y="${y}" width="${long}" height="${figureHeight - 8}"`;
    return [
      `<text x="${figureBarLeft - 8}" y="${y + 13}" text-anchor="end">${escape(name)}</text>`,
      `<rect ${bar} fill="${color(0)}"/>`,
      `<text x="${figureBarLeft + long + 6}" y="${y + 13}">${short(value)} ${escape(unit)}</text>`,
    ];
  });
  return drawing(tall, [heading(16, title), ...lines]);
}

function drawing(tall: number, parts: readonly string[]): string {
  const start =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${tall}" ` +
    'font-family="system-ui, sans-serif" font-size="11">';
  const ground = `<rect width="${width}" height="${tall}" fill="white"/>`;
  return `${[start, ground, ...parts, '</svg>'].join('\n')}\n`;
}

const heading = (x: number, text: string): string =>
  `<text x="${x}" y="18" font-size="14" font-weight="600">${escape(text)}</text>`;

type Scale = (value: number) => number;

function legend(series: readonly string[]): string[] {
  let x = margin.left;
  return series.flatMap((name, at) => {
    const mark = `<rect x="${x}" y="27" width="10" height="10" fill="${color(at)}"/>`;
    const text = `<text x="${x + 14}" y="36">${escape(name)}</text>`;
    x += 28 + name.length * 6.5;
    return [mark, text];
  });
}

function grid(largest: number, scale: Scale): string[] {
  const base = height - margin.bottom;
  const lines = Array.from({ length: gridLines + 1 }, (_, at) => {
    const value = (largest * at) / gridLines;
    const y = base - scale(value);
    const line = `<line x1="${margin.left}" x2="${width - margin.right}" y1="${y}" y2="${y}"`;
    return [`${line} stroke="#e5e7eb"/>`, besideAxis(y + 4, short(value))];
  });
  return lines.flat();
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
