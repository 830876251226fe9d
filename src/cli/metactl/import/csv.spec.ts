import { describe, expect, it } from '@jest/globals';
import { readCsv } from './csv.js';

async function* pieces(text: string, size: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}

async function rows(text: string, size: number): Promise<(readonly string[])[]> {
  const found: (readonly string[])[] = [];
  for await (const row of readCsv(pieces(text, size))) found.push(row.fields);
  return found;
}

const text = 'a,b,c\r\n1,"two, with comma",3\n\n"with ""quotes""",,"line\nend"\nlast,1,2';

describe('CSV', () => {
  it.each([1, 2, 7, 1_000])('reads the same rows in pieces of %d', async (size) => {
    expect(await rows(text, size)).toEqual([
      ['a', 'b', 'c'],
      ['1', 'two, with comma', '3'],
      ['with "quotes"', '', 'line\nend'],
      ['last', '1', '2'],
    ]);
  });

  it('gives up on a quote that never ends instead of reading everything into memory', async () => {
    await expect(rows(`"${'x'.repeat(3_000_000)}`, 65_536)).rejects.toThrow(/is a quote missing/);
  });
});
