import fc from 'fast-check';
import { logIndex, logTime } from '@metad/foundation';
import type { StoredRecord, Value } from '@metad/eventsourcing';
import { KINDS } from '../../kinds/index.js';
import type { Accepted } from '../outcome.js';

const META = ['version', 'fence', 'createdAt', 'updatedAt', 'expiresAt'];
const OWN = ['kind', 'namespace', 'id'];
const field = fc.oneof(fc.string({ unit: 'binary', maxLength: 12 }), fc.constantFrom(...OWN));
const content = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.string({ unit: 'binary' }));
const plainValue = fc
  .dictionary(field, content as fc.Arbitrary<unknown>, { maxKeys: 6 })
  .map((value): Value => JSON.parse(JSON.stringify(value)) as Value);
const awkwardValue = fc
  .tuple(plainValue, fc.constantFrom(...META))
  .map(([value, name]): Value => ({ ...value, [name]: 'mine' }));
const value = fc.oneof({ arbitrary: plainValue, weight: 4 }, awkwardValue);
const time = fc.integer({ min: 0, max: 4e12 }).map(logTime);
const index = fc.integer({ min: 1, max: 1e9 }).map(logIndex);

/** Records, also with values and keys that no client could send. */
export const records: fc.Arbitrary<StoredRecord> = fc.record({
  kind: fc.constantFrom(...KINDS.kinds.map(({ kind }) => kind)),
  namespace: fc.constantFrom('prod', 'a_b-C'),
  key: fc.string({ unit: 'binary', minLength: 1 }).map((key) => `acme/${key}`),
  version: fc.integer({ min: 1, max: 1e6 }),
  fence: fc.option(index),
  value,
  createdAt: time,
  updatedAt: time,
  index,
  expiresAt: fc.option(time),
});

/** Half of them hold the event's data as their record's value, as most do. */
export const outcomes: fc.Arbitrary<Accepted> = fc
  .record({
    changed: fc.boolean(),
    version: fc.integer({ min: 0, max: 1e6 }),
    fence: fc.option(index),
    index,
    time,
    events: fc.array(fc.record({ type: fc.constant('ResourceAssigned'), data: value }), {
      maxLength: 3,
    }),
    record: fc.option(records),
    isShared: fc.boolean(),
  })
  .map(({ isShared, ...drawn }): Accepted => {
    const shared = isShared ? drawn.events.at(-1)?.data : undefined;
    const after = drawn.record;
    if (after === null || shared === undefined) return { accepted: true, ...drawn };
    return { accepted: true, ...drawn, record: { ...after, value: shared } };
  });
