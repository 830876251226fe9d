import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatIsoTime, parseIsoTime } from './iso-time.js';

describe('ISO 8601', () => {
  it('is written and read as the platform does', () => {
    const dates = fc.date({
      min: new Date('1970-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(dates, (date) => {
        expect(formatIsoTime(date.getTime())).toBe(date.toISOString());
        expect(parseIsoTime(date.toISOString())).toBe(date.getTime());
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    '2026-11-22T12:00:05Z',
    '2026-11-22T12:00:05.5+02:00',
    '2024-02-29T23:59:59.123-11:30',
    '2000-02-29T00:00:00Z',
  ])('%s means what the platform says', (text) => {
    expect(parseIsoTime(text)).toBe(Date.parse(text));
  });

  it('cuts what is finer than a millisecond', () => {
    expect(parseIsoTime('1970-01-01T00:00:00.1239Z')).toBe(123);
  });

  it.each([
    '2026-11-22',
    '2026-11-22T12:00:05',
    '2026-02-29T12:00:05Z',
    '2026-13-01T00:00:00Z',
    '2026-11-22T24:00:00Z',
    '1969-12-31T23:59:59Z',
    'tomorrow',
    '',
  ])('%p is not a time', (text) => {
    expect(parseIsoTime(text)).toBeNull();
  });
});
