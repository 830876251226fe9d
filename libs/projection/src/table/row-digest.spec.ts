import { describe, expect, it } from '@jest/globals';
import { RecentMap } from './recent-map.js';
import { RowDigest, rowHash, seedOf, type RowHash } from './row-digest.js';
import { canonicalJson, rowText, type Row } from './table-shape.js';

const seed = seedOf('resource');
const rows: readonly Row[] = [
  ['prod', 'db-1', 7, null, true],
  ['prod', 'db-1', 7, '\\N', true],
  ['prod', 'db-1\t7', null, true],
  ['prod', 'db-1\\t7', null, true],
  ['prod', 'line\nfeed', 1, null, false],
];

describe('a digest of rows', () => {
  it('does not depend on their order, and forgets what is taken away', () => {
    const [one, other] = [new RowDigest(), new RowDigest()];
    for (const row of rows) one.add(seed, row);
    for (const row of [...rows].reverse()) other.add(seed, row);
    expect(one.equals(other)).toBe(true);
    for (const row of rows.slice(1)) one.subtract(seed, row);
    const alone = new RowDigest();
    alone.add(seed, rows[0]!);
    expect(one.toString()).toBe(alone.toString());
  });

  it('takes a remembered hash away like a computed one', () => {
    const recent = new RecentMap<Row, RowHash>(2);
    const digest = new RowDigest();
    for (const row of rows) digest.addRemembering(seed, row, recent);
    for (const row of rows) digest.subtract(seed, row, recent);
    expect(digest.equals(new RowDigest())).toBe(true);
  });

  it('tells every two rows apart, and one table from another', () => {
    const hashes = rows.map((row) => rowHash(seed, row));
    expect(new Set(hashes).size).toBe(rows.length);
    expect(rowHash(seedOf('tenant'), rows[0]!)).not.toBe(hashes[0]);
  });

  it('changes with any one character of a long cell', () => {
    const text = 'x'.repeat(64);
    const hashes = Array.from(text, (_, at) =>
      rowHash(seed, [`${text.slice(0, at)}y${text.slice(at + 1)}`]),
    );
    expect(new Set([...hashes, rowHash(seed, [text])]).size).toBe(65);
  });

  it('is read back from its text, but not from that of another rule', () => {
    const digest = new RowDigest();
    digest.add(seed, rows[0]!);
    expect(RowDigest.parse(digest.toString(), 1)?.equals(digest)).toBe(true);
    expect(RowDigest.parse('0123456789abcdef', 1)).toBeNull();
    expect(RowDigest.parse('1-0123456789abcdef', 1)).toBeNull();
  });
});

describe('the text of a row', () => {
  it('is a line of COPY: tabs between cells, \\N for null, what is special escaped', () => {
    expect(rowText(['a\tb', null, 1, false, 'c\\d\n'])).toBe('a\\tb\t\\N\t1\tfalse\tc\\\\d\\n');
  });
});

describe('canonical JSON', () => {
  it('is the same whatever the order of keys', () => {
    const one = { b: [{ d: 1, c: undefined, a: null }], a: { '10': 1, '9': 2, x: 'é' } };
    const other = { a: { x: 'é', '9': 2, '10': 1 }, b: [{ a: null, d: 1 }] };
    expect(canonicalJson(one)).toBe(canonicalJson(other));
    expect(canonicalJson(one)).toBe('{"a":{"9":2,"10":1,"x":"é"},"b":[{"a":null,"d":1}]}');
    expect(canonicalJson(undefined)).toBe('null');
  });
});
