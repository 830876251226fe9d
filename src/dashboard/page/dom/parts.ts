import { h, type Child, type VNode } from './vnode.js';

export type Tone = 'ok' | 'warn' | 'bad' | 'accent' | '';

/** A state in one word; the tone repeats what the word says. */
export const pill = (tone: Tone, text: string, title?: string): VNode =>
  h('span', { class: `pill ${tone}`, title }, text);

/** A state that is as it should be: said, but not shouted. */
export const calm = (text: string): VNode => h('span', { class: 'calm' }, dot('ok'), text);

export const dot = (tone: Tone): VNode =>
  h('span', { class: `dot ${tone}`, 'aria-hidden': 'true' });

export const empty = (title: string, ...text: Child[]): VNode =>
  h('div', { class: 'empty' }, h('strong', null, title), h('span', null, text));

export const waiting = (what: string): VNode =>
  h(
    'div',
    { class: 'waiting', 'aria-busy': 'true' },
    h('p', { class: 'hidden-text' }, `Waiting for ${what}`),
    ...[1, 2, 3].map(() => h('span', null)),
  );

export const heading = (title: string, ...text: Child[]): VNode =>
  h('div', { class: 'heading' }, h('h1', null, title), h('p', null, text));

export const block = (title: string, aside: Child, ...content: Child[]): VNode => {
  const id = `block-${title.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`;
  const head = h('div', { class: 'block-head' }, h('h2', { id }, title), aside);
  return h('section', { class: 'block', 'aria-labelledby': id, key: id }, head, content);
};

export interface Column {
  readonly name: string;
  readonly right?: boolean;
  /** Shown to screen readers only. */
  readonly quiet?: boolean;
}

/** A table whose rows become cards on a phone. */
export function table(caption: string, columns: readonly Column[], ...bodies: Child[]): VNode {
  const heads = columns.map(({ name, right, quiet }) =>
    h('th', { scope: 'col', class: right ? 'r' : null }, quiet ? hidden(name) : name),
  );
  return h(
    'div',
    { class: 'table-frame' },
    h(
      'table',
      { class: 'cards' },
      h('caption', null, hidden(caption)),
      h('thead', null, h('tr', null, heads)),
      bodies,
    ),
  );
}

export const hidden = (text: string): VNode => h('span', { class: 'hidden-text' }, text);

/** A cell that names itself when its row is a card. */
export const cell = (label: string, type: '' | 'r' | 'wide', ...content: Child[]): VNode => {
  const isBlank = content.every((each) => each === '' || each === null);
  return h('td', { 'data-label': label, class: `${type}${isBlank ? ' blank' : ''}` }, content);
};

export function bar(
  share: number,
  label: string,
  tone: Tone = '',
  role: 'progressbar' | 'meter' = 'progressbar',
): VNode {
  const percent = Math.max(0, Math.min(100, share * 100));
  return h(
    'span',
    {
      class: `bar ${tone}`,
      role,
      'aria-label': label,
      'aria-valuemin': '0',
      'aria-valuemax': '100',
      'aria-valuenow': String(Math.round(percent)),
    },
    h('span', { style: { width: `${percent.toFixed(2)}%` } }),
  );
}

/** A line of the last values; the words beside it say what matters. */
export function sparkline(values: readonly number[], slots: number): VNode {
  const top = Math.max(1, ...values);
  const first = slots - values.length;
  const points = values.map((value, at) => `${first + at},${(30 - (value / top) * 28).toFixed(1)}`);
  const area = [`${first},31`, ...points, `${slots - 1},31`].join(' ');
  return h(
    'svg',
    {
      class: 'spark',
      viewBox: `0 0 ${slots - 1} 31`,
      preserveAspectRatio: 'none',
      'aria-hidden': 'true',
    },
    h('polyline', { class: 'floor', points: `0,31 ${slots - 1},31` }),
    values.length > 1 && h('polygon', { points: area }),
    values.length > 1 && h('polyline', { points: points.join(' ') }),
  );
}

const ICONS = {
  overview: 'M3 12l3-6 4 10 3-7 2 3h3',
  partitions: 'M3 3h6v6H3zM11 3h6v6h-6zM3 11h6v6H3zM11 11h6v6h-6z',
  projections:
    'M3 5c0-1.3 3.1-2 7-2s7 .7 7 2-3.1 2-7 2-7-.7-7-2z' +
    'M3 5v10c0 1.3 3.1 2 7 2s7-.7 7-2V5M3 10c0 1.3 3.1 2 7 2s7-.7 7-2',
  commands: 'M3 5l4 4-4 4M9 15h8M11 9h6',
  records: 'M9 3a6 6 0 100 12A6 6 0 009 3zM13.5 13.5L17 17',
  key: 'M5 9h10v7.5H5zM7 9V6.5a3 3 0 016 0V9',
  sun:
    'M10 6.5a3.5 3.5 0 100 7 3.5 3.5 0 000-7zM10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2' +
    'M4 4l1.4 1.4M14.6 14.6L16 16M4 16l1.4-1.4M14.6 5.4L16 4',
  moon: 'M16 12.5A7 7 0 017.5 4 7 7 0 1016 12.5z',
  auto: 'M10 3a7 7 0 100 14 7 7 0 000-14zM10 3v14M10 6h4.9M10 9h6.9M10 12h6.7M10 15h4.5',
} as const;
export type Icon = keyof typeof ICONS;

export const icon = (name: Icon): VNode =>
  h('svg', { viewBox: '0 0 20 20', 'aria-hidden': 'true' }, h('path', { d: ICONS[name] }));
