import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { logIndex, logTime } from '@metad/foundation';
import { Digest, recordHash } from '@metad/eventsourcing';
import type { StoredRecord } from '@metad/eventsourcing';
import { KINDS } from '../../../kinds/index.js';
import type { RecordImage } from './record-image.js';
import { readBlock, BLOCK_HEAD_BYTES } from './record-image.js';
import { RecordStore } from './record-store.js';

const kinds = ['tenant', 'resource', 'instance'];
const namespaces = ['prod', 'dev'];
const keys = ['a', 'b', 'ä', '😀/x', 'k'.repeat(512), 'ab'];
const sizes = [0, 10, 1_000, 9_000, 70_000];

const change = fc.record({
  kind: fc.constantFrom(...kinds),
  namespace: fc.constantFrom(...namespaces),
  key: fc.constantFrom(...keys),
  what: fc.constantFrom('put', 'put', 'put', 'remove', 'renew', 'image', 'release', 'hurry'),
  bytes: fc.constantFrom(...sizes),
  text: fc.constantFrom('x', 'é', '😀'),
  leased: fc.boolean(),
});
type Change = typeof change extends fc.Arbitrary<infer C> ? C : never;

const nameOf = ({ kind, namespace, key }: Pick<Change, 'kind' | 'namespace' | 'key'>): string =>
  `${kind} ${namespace} ${key}`;

/** A store beside the plainest that does the same. */
class Both {
  readonly store = new RecordStore(KINDS, 7);
  readonly model = new Map<string, StoredRecord>();
  readonly images: { image: RecordImage; held: StoredRecord[] }[] = [];
  private index = 0;

  step({ what, kind, namespace, key, bytes, text, leased }: Change): void {
    this.index += 1;
    const name = nameOf({ kind, namespace, key });
    const before = this.model.get(name) ?? null;
    switch (what) {
      case 'put': {
        const value = { tenantId: 't', text: text.repeat(bytes / text.length), n: this.index };
        this.put(before, {
          ...{ kind, namespace, key, value },
          ...{ version: (before?.version ?? 0) + 1, fence: leased ? logIndex(this.index) : null },
          ...{ createdAt: before?.createdAt ?? logTime(this.index), index: logIndex(this.index) },
          ...{ updatedAt: logTime(this.index), expiresAt: leased ? logTime(1e9) : null },
        });
        break;
      }
      case 'remove':
        if (before === null) break;
        this.store.replace(before, null);
        this.model.delete(name);
        break;
      case 'renew':
        if (before === null || before.expiresAt === null) break;
        this.model.set(name, this.store.renew(before, logTime(1e9 + this.index)));
        break;
      case 'image':
        this.images.push({ image: this.store.image(), held: this.sorted() });
        break;
      case 'hurry':
        this.store.isFarBehind = leased;
        break;
      case 'release':
        this.images.shift()?.image.release();
    }
  }

  put(before: StoredRecord | null, after: StoredRecord): void {
    this.store.replace(before, after);
    this.model.set(nameOf(after), after);
  }

  sorted(): StoredRecord[] {
    return sorted(this.model.values());
  }
}

const sorted = (records: Iterable<StoredRecord>): StoredRecord[] =>
  [...records].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));

function fromBlocks(image: RecordImage): StoredRecord[] {
  const records: StoredRecord[] = [];
  for (const block of image.blocks()) {
    records.push(...readBlock(block.subarray(BLOCK_HEAD_BYTES), image.names));
  }
  return sorted(records);
}

describe('a store of records', () => {
  it('holds, finds, counts and digests what was put, and images stay as they were', () => {
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 150 }), (changes) => {
        const both = new Both();
        const { store, model } = both;
        for (const each of changes) {
          both.step(each);
          const { kind, namespace, key } = each;
          expect(store.get(kind, namespace, key)).toEqual(model.get(nameOf(each)) ?? null);
        }
        expect(sorted(store.records())).toEqual(both.sorted());
        expect(store.size).toBe(model.size);
        for (const kind of kinds) {
          const digest = new Digest();
          for (const record of model.values()) {
            if (record.kind === kind) digest.add(recordHash(record));
            expect(store.get(record.kind, record.namespace, record.key)).toEqual(record);
          }
          expect(store.digestOf(kind).toString()).toBe(digest.toString());
          for (const namespace of namespaces) {
            const some = both.sorted().filter((one) => one.kind === kind);
            const wanted = some.filter((one) => one.namespace === namespace);
            expect(sorted(store.records(kind, namespace))).toEqual(wanted);
          }
        }
        for (const { image, held } of both.images) {
          expect(sorted(image.records())).toEqual(held);
          expect(fromBlocks(image)).toEqual(held);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('finds ten thousand keys, and none that was removed', () => {
    const both = new Both();
    const blank = { kind: 'tenant', namespace: 'prod', what: 'put', bytes: 10, text: 'x' } as const;
    for (let n = 0; n < 10_000; n += 1) {
      both.step({ ...blank, key: `tenant-${n}`, leased: false });
    }
    for (let n = 0; n < 10_000; n += 3) {
      both.step({ ...blank, key: `tenant-${n}`, what: 'remove', leased: false });
    }
    for (let n = 0; n < 10_000; n += 1) {
      const found = both.store.get('tenant', 'prod', `tenant-${n}`);
      expect(found?.key).toBe(n % 3 === 0 ? undefined : `tenant-${n}`);
    }
    expect(both.store.size).toBe(both.model.size);
  });

  it('lets no more bytes lie dead than it says, whatever is replaced', () => {
    const both = new Both();
    const blank = { kind: 'resource', namespace: 'prod', what: 'put', text: 'x' } as const;
    for (let n = 0; n < 60_000; n += 1) {
      // Some change all the time, some hardly ever, and they lie side by side.
      const key = n % 7 === 0 ? `cold-${n % 1_400}` : `hot-${n % 50}`;
      both.step({ ...blank, key, bytes: 100 + (n % 300), leased: false });
      const { live, dead } = both.store.bytes;
      expect(dead).toBeLessThanOrEqual(64 * 1024 + live / 2);
    }
    expect(sorted(both.store.records())).toEqual(both.sorted());
  });
});
