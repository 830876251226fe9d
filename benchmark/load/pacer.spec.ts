import { describe, expect, it } from '@jest/globals';
import { Pacer } from './pacer.js';

function takeAll(pacer: Pacer, now: number): number[] {
  const taken: number[] = [];
  for (let due = pacer.take(now); due !== null; due = pacer.take(now)) taken.push(due);
  return taken;
}

describe('an open loop', () => {
  it('sends at fixed times', () => {
    const pacer = new Pacer(100, 1_000, 2_000);
    expect(takeAll(pacer, 999)).toEqual([]);
    expect(takeAll(pacer, 1_025)).toEqual([1_000, 1_010, 1_020]);
    expect(takeAll(pacer, 1_029)).toEqual([]);
  });

  it('charges a stall to every request that was due meanwhile', () => {
    const pacer = new Pacer(100, 0, 1_000);
    takeAll(pacer, 100);
    const late = takeAll(pacer, 250);
    expect(late).toHaveLength(15);
    expect(late.map((due) => 250 - due)[0]).toBe(140);
  });

  it('ends in time and says what was never sent', () => {
    const pacer = new Pacer(10, 0, 1_000);
    takeAll(pacer, 350);
    expect(pacer.left).toBe(6);
    expect(takeAll(pacer, 5_000)).toHaveLength(6);
    expect(pacer.take(5_000)).toBeNull();
  });
});
