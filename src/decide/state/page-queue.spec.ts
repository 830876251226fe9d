import { describe, expect, it } from '@jest/globals';
import { PageQueue, PAGE_ROWS, ROW_MASK } from './page-queue.js';

const nth = (start: number, at: number): number => (start + at) & ROW_MASK;

function filled(start: number, count: number): PageQueue {
  const queue = new PageQueue(4);
  for (let at = 0; at < count; at += 1) put(queue, nth(start, at), at);
  return queue;
}

function put(queue: PageQueue, row: number, value: number): void {
  queue.extendTo(row);
  queue.pageOf(row).words[row & (PAGE_ROWS - 1)] = value;
}

const valueAt = (queue: PageQueue, row: number): number | undefined =>
  queue.pageOf(row).words[row & (PAGE_ROWS - 1)];

describe('rows in pages', () => {
  it.each([0, 100, ROW_MASK - 700])('stay where they were put, from row %i on', (start) => {
    const queue = filled(start, 2_000);
    queue.dropBefore(nth(start, 1_500));
    for (let at = 2_000; at < 4_000; at += 1) put(queue, nth(start, at), at);
    for (let at = 1_500; at < 4_000; at += 1) expect(valueAt(queue, nth(start, at))).toBe(at);
  });

  it('use a page again when its rows have left', () => {
    const queue = filled(0, PAGE_ROWS * 2);
    const page = queue.pageOf(0);
    queue.dropBefore(PAGE_ROWS);
    queue.extendTo(PAGE_ROWS * 2);
    expect(queue.pageOf(PAGE_ROWS * 2)).toBe(page);
  });

  it('do not use a page again while it is held', () => {
    const queue = filled(0, PAGE_ROWS * 2);
    const [page] = queue.hold(10, 20);
    queue.dropBefore(PAGE_ROWS);
    queue.extendTo(PAGE_ROWS * 2);
    expect(queue.pageOf(PAGE_ROWS * 2)).not.toBe(page);
    expect(page?.words[29]).toBe(29);
    if (page) queue.letGo(page);
    queue.extendTo(PAGE_ROWS * 3);
    expect(queue.pageOf(PAGE_ROWS * 3)).toBe(page);
  });

  it('may all leave, and others begin anywhere', () => {
    const queue = filled(0, PAGE_ROWS);
    queue.dropBefore(PAGE_ROWS);
    put(queue, PAGE_ROWS, 7);
    expect(valueAt(queue, PAGE_ROWS)).toBe(7);
  });

  it('come one after another', () => {
    const queue = filled(0, 1);
    expect(() => queue.extendTo(PAGE_ROWS * 2)).toThrow(/one after another/);
  });
});
