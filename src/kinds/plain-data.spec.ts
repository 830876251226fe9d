import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KINDS } from './index.js';

const definitions = KINDS.kinds
  .flatMap(({ commands }) => commands)
  .flatMap((definition) =>
    definition.plain === undefined ? [] : [{ ...definition, plain: definition.plain }],
  );

/** Around every limit, plain and not. */
const text = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.integer({ min: 0, max: 1_030 }).map((length) => 'x'.repeat(length)),
  fc.integer({ min: 125, max: 131 }).map((length) => 'ü'.repeat(length)),
  fc.constantFrom('a/b', '', ' ', 'a\nb', 'a\u0000', '\ud800', '~', 'ü', '__proto__'),
);
const labels = fc.oneof(
  fc.dictionary(text, text, { maxKeys: 4 }),
  fc.integer({ min: 62, max: 66 }).map((count) => {
    const names = Array.from({ length: count }, (_, at) => [`l${at}`, 'v'] as const);
    return Object.fromEntries(names);
  }),
);
const word = fc.constantFrom('acme', 'db-1', 'node a', 'x~y', 'x'.repeat(128), 'x'.repeat(129));
const anything = fc.oneof(text, labels, fc.integer(), fc.constantFrom(null, true, 1.5, []));
const mostly = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ arbitrary, weight: 20 }, text, anything);
const ttlMs = fc.oneof(
  fc.integer({ min: 98, max: 102 }),
  fc.constantFrom(2_592_000_000, 2_592_000_001),
);
const named = mostly(word);
const data = fc.record(
  {
    ...{ tenantId: named, resourceId: named, node: named, kind: named, owner: named },
    ...{ cell: named, tier: named },
    labels: mostly(labels),
    ttlMs: mostly(ttlMs),
  },
  { requiredKeys: ['tenantId', 'resourceId'] },
);

describe('data that pass without their schema', () => {
  it.each(definitions.map((one) => [one.name, one] as const))('%s', (_name, definition) => {
    let passed = 0;
    const relevant = data.map((drawn) =>
      // Fields of other commands only now and then: they are refused at once.
      Object.fromEntries(Object.entries(drawn).filter(([name]) => shapeOf(definition).has(name))),
    );
    fc.assert(
      fc.property(fc.oneof({ arbitrary: relevant, weight: 9 }, data, anything), (drawn) => {
        if (!definition.plain(drawn)) return;
        passed += 1;
        expect(definition.schema.safeParse(drawn).error).toBeUndefined();
      }),
      { numRuns: 3_000 },
    );
    expect(passed).toBeGreaterThan(100);
  });
});

function shapeOf({ schema }: (typeof definitions)[number]): Set<string> {
  return new Set(Object.keys((schema as unknown as { shape: object }).shape));
}
