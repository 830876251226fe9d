import { describe, expect, it } from '@jest/globals';
import { drawBars, drawFigures, short } from './plot.js';

const plot = {
  title: 'a < b & c',
  unit: 'per second',
  series: ['metad', 'etcd'],
  groups: [
    { name: '@1', values: [100, 50] },
    { name: '@64', values: [2_000, 1_000] },
  ],
};
const heights = (svg: string): number[] =>
  [...svg.matchAll(/height="([\d.]+)" fill="#(?!e5|ff)/g)]
    .map((match) => Number(match[1]))
    .slice(2);

describe('a plot of bars', () => {
  it('draws bars as tall as their values', () => {
    const [a = 0, b = 0, c = 0, d = 0] = heights(drawBars(plot));
    expect([a / c, b / c, d / c]).toEqual([0.05, 0.025, 0.5]);
  });

  it('draws figures as long as their share of the largest of their unit', () => {
    const figures = [
      { name: 'etcd', unit: 'ms', value: 200 },
      { name: 'metad', unit: 'ms', value: 50 },
      { name: 'metad/etcd', unit: 'times', value: 0.25 },
    ];
    const svg = drawFigures('failover', figures);
    const bars = [...svg.matchAll(/width="([\d.]+)" height="16"/g)].map((match) =>
      Number(match[1]),
    );
    const [first = 0, ...others] = bars;
    expect(others.map((long) => long / first)).toEqual([0.25, 1]);
    expect(svg).toContain('50 ms');
  });

  it('escapes what XML would misread', () => {
    expect(drawBars(plot)).toContain('a &lt; b &amp; c');
  });

  it('shortens numbers to three digits', () => {
    expect([0.1234, 12, 1_234, 98_765, 1_500_000].map(short)).toEqual([
      '0.123',
      '12',
      '1.23k',
      '98.8k',
      '1.5M',
    ]);
  });
});
