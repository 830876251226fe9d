import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { PgDatabase, binaryArray, type Cell, type ElementType } from '@metad/projection';
import { startPostgres, type TestPostgres } from '../fixtures/postgres.js';

let postgres: TestPostgres;
let database: PgDatabase;

beforeAll(async () => {
  postgres = await startPostgres();
  const options = { schema: 'public', connectionsMax: 1, statementTimeoutMs: 10_000 };
  database = new PgDatabase({ url: postgres.url, applicationName: 'metad test', ...options });
});
afterAll(async () => {
  await database.close();
  await postgres.dispose();
});

const cases: readonly (readonly [ElementType, readonly Cell[]])[] = [
  ['text', ['', 'a"b\\c,{}', null, 'é€😀', 'x'.repeat(100_000), 'NULL']],
  ['integer', [0, -1, null, 2_147_483_647, -2_147_483_648]],
  ['bigint', [0, -1, null, 2 ** 31, 2 ** 32, -(2 ** 32) - 1, Number.MAX_SAFE_INTEGER]],
  ['boolean', [true, null, false]],
  ['text', []],
];

it.each(cases)('a binary array of %s arrives as it was', async (type, cells) => {
  const { rows } = await database.run<{ cell: Cell }>({
    text: `SELECT cell::text AS cell FROM unnest($1::${type}[]) WITH ORDINALITY a(cell, at)
      ORDER BY at`,
    values: [binaryArray(type, cells)],
  });
  const expected = cells.map((cell) => (cell === null ? null : String(cell)));
  expect(rows.map(({ cell }) => cell)).toEqual(expected);
});

it('a cell of another type is refused', () => {
  expect(() => binaryArray('text', [1])).toThrow('a number is no text');
  expect(() => binaryArray('bigint', [1.5])).toThrow('is no bigint');
  expect(() => binaryArray('integer', ['1'])).toThrow('is no integer');
});

it('a COPY that the server refuses leaves the connection usable', async () => {
  await database.run({ text: 'CREATE TEMP TABLE copied (a integer, b text)' });
  const copy = (lines: string) =>
    database.run({ text: 'COPY copied FROM STDIN', rows: Buffer.from(lines) });
  expect(await copy('1\ta\\tb\n2\t\\N\n')).toEqual({ rows: [], count: 2 });
  await expect(copy('x\ty\n')).rejects.toMatchObject({ code: '22P02' });
  const { rows } = await database.run({ text: 'SELECT * FROM copied ORDER BY a' });
  expect(rows).toEqual([
    { a: 1, b: 'a\tb' },
    { a: 2, b: null },
  ]);
});
