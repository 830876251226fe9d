/**
 * ISO 8601 ↔ milliseconds since the epoch, by arithmetic alone: the rules read deadlines, and what
 * they do must not hang on a clock, a time zone or an engine's idea of a date. Years 1970 … 9999.
 */
const ISO = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)$/;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const MINUTES_A_DAY = DAY_MS / MINUTE_MS;

/** Milliseconds, fractions cut; null when the text is not a date and time with a zone. */
export function parseIsoTime(text: string): number | null {
  const match = ISO.exec(text);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const days = daysFromCivil(year as number, month as number, day as number);
  if (days === null || !isTimeOfDay(hour as number, minute as number, second as number))
    return null;
  const millis = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'));
  const seconds = ((hour as number) * 60 + (minute as number)) * 60 + (second as number);
  return days * DAY_MS + seconds * 1_000 + millis - offsetMs(match[8] as string);
}

// The time of an entry is written several times in what follows from it.
let lastMillis = -1;
let lastIso = '';

/** `2026-11-22T12:00:05.000Z`. */
export function formatIsoTime(millis: number): string {
  if (millis === lastMillis) return lastIso;
  const minute = Math.floor(millis / MINUTE_MS);
  const rest = millis - minute * MINUTE_MS;
  const second = Math.floor(rest / 1_000);
  lastMillis = millis;
  lastIso = minuteText(minute) + (SECONDS[second] as string) + (MILLIS[rest % 1_000] as string);
  return lastIso;
}

const isTimeOfDay = (hour: number, minute: number, second: number): boolean =>
  hour < 24 && minute < 60 && second < 60;

function offsetMs(zone: string): number {
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysIn(year: number, month: number): number {
  return month === 2 && isLeap(year) ? 29 : (MONTH_DAYS[month - 1] ?? 0);
}

/** Days since 1970-01-01; null when there is no such day. */
function daysFromCivil(year: number, month: number, day: number): number | null {
  if (year < 1970 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return null;
  let days = daysBefore(year);
  for (let earlier = 1; earlier < month; earlier += 1) days += daysIn(year, earlier);
  return days + day - 1;
}

/** Days from 1970-01-01 to the first day of `year`. */
function daysBefore(year: number): number {
  const past = year - 1;
  const leaps = Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400);
  return (year - 1970) * 365 + leaps - LEAPS_BEFORE_1970;
}
const LEAPS_BEFORE_1970 = 477;

// Nearly all times that are written together fall on one day.
let lastDays = -1;
let lastText = '';

function dateText(days: number): string {
  if (days === lastDays) return lastText;
  let year = 1970 + Math.floor(days / 366);
  while (daysBefore(year + 1) <= days) year += 1;
  let month = 1;
  let rest = days - daysBefore(year);
  while (rest >= daysIn(year, month)) {
    rest -= daysIn(year, month);
    month += 1;
  }
  lastDays = days;
  lastText = `${String(year).padStart(4, '0')}-${two(month)}-${two(rest + 1)}`;
  return lastText;
}

const two = (value: number): string => String(value).padStart(2, '0');

// Texts of what a time ends with, and of minutes: a record's times lie in few of them.
const SECONDS = Array.from({ length: 60 }, (_, second) => two(second));
const MILLIS = Array.from({ length: 1_000 }, (_, milli) => `.${String(milli).padStart(3, '0')}Z`);
const minuteSlots = 64;
const minutes = new Float64Array(minuteSlots).fill(-1);
const minuteTexts = new Array<string>(minuteSlots).fill('');

/** `2026-11-22T12:00:`. */
function minuteText(minute: number): string {
  const slot = minute % minuteSlots;
  if (minutes[slot] === minute) return minuteTexts[slot] as string;
  const days = Math.floor(minute / MINUTES_A_DAY);
  const clock = minute - days * MINUTES_A_DAY;
  const text = `${dateText(days)}T${two(Math.floor(clock / 60))}:${two(clock % 60)}:`;
  minutes[slot] = minute;
  minuteTexts[slot] = text;
  return text;
}
