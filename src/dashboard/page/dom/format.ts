/** Numbers and times as people read them; the same everywhere on the page. */
const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const time = new Intl.DateTimeFormat('en', { timeStyle: 'medium', hourCycle: 'h23' });
const dateTime = new Intl.DateTimeFormat('en', {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

export const NOT_KNOWN = '–';

export const count = (value: number): string => grouped.format(value);

/** Three digits at most: `0.4`, `12`, `1,204`. */
export function rate(perSecond: number | null): string {
  if (perSecond === null) return NOT_KNOWN;
  return perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : grouped.format(perSecond);
}

export function ms(value: number): string {
  if (value === 0) return '0 ms';
  if (value < 10) return `${value.toFixed(value < 0.995 ? 2 : 1)} ms`;
  if (value < 10_000) return `${grouped.format(value)} ms`;
  return duration(value);
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

export function bytes(value: number): string {
  let unit = 0;
  let left = value;
  for (; left >= 1024 && unit < UNITS.length - 1; unit += 1) left /= 1024;
  return `${left < 10 && unit > 0 ? left.toFixed(1) : Math.round(left)} ${UNITS[unit]}`;
}

/** `9 s`, `4 min 10 s`, `3 h 5 min`, `2 d 4 h`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return join(minutes, 'min', seconds % 60, 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return join(hours, 'h', minutes % 60, 'min');
  return join(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

const join = (big: number, bigUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;

export const clock = (at: number): string => time.format(at);

export const moment = (iso: string | number): string => dateTime.format(new Date(iso));

export const plural = (many: number, one: string, more = `${one}s`): string =>
  `${count(many)} ${many === 1 ? one : more}`;
