import { describe, expect, it } from '@jest/globals';
import { durationText, paceText } from './progress.js';
import { cellText, field, renderTable, yielding } from './table.js';

const rows = [
  { name: 'n1', lag: 7, labels: { zone: 'eu', tier: 'gold' } },
  { name: 'a-much-longer-name', lag: 12_000, labels: {} },
];
const columns = [field('name'), field('lag', 'lag', 'right'), field('labels')];

describe('a table', () => {
  it('aligns its columns', () => {
    expect(renderTable(rows, columns, 100).split('\n')).toEqual([
      'NAME                  LAG  LABELS',
      'n1                      7  zone=eu,tier=gold',
      'a-much-longer-name  12000  -',
    ]);
  });

  it.each([24, 30, 40])('fits %d columns', (width) => {
    const lines = renderTable(rows, columns, width).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    expect(lines.join()).toMatch(/…/);
  });

  it('cuts what yields before anything else, and leaves out what holds nothing', () => {
    const reasons = field('reason');
    const narrow = [field('name'), reasons, yielding(field('labels'))];
    expect(renderTable(rows, narrow, 60).split('\n')[0]).toBe('NAME                REASON  LABELS');
    expect(renderTable(rows, narrow, 32).split('\n')).toEqual([
      'NAME                LABELS',
      'n1                  zone=eu,tie…',
      'a-much-longer-name  -',
    ]);
  });

  it('lets no control character through to the terminal', () => {
    expect(cellText('a\u001b[31mb\nc')).toBe('a [31mb c');
  });
});

describe('progress', () => {
  it('tells rate and remaining time', () => {
    expect(paceText(0, 100, 1_000)).toBe('starting');
    expect(paceText(50, 100, 1_000)).toBe('50.0/s, 1 s left');
    expect(paceText(2_500, 10_000, 1_000)).toBe('2,500/s, 3 s left');
    expect([5_000, 65_000, 3_700_000].map(durationText)).toEqual(['5 s', '1 min 5 s', '1 h 1 min']);
  });
});
