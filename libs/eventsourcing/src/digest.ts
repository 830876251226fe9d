import { hashContent } from './content-hash.js';
import type { ContentHash } from './content-hash.js';
import type { StoredRecord } from './record.js';

/**
 * What a digest sums up of a record: everything that its projected row can reproduce. `expiresAt`
 * is left out, as renewals move it without a new version.
 */
export type DigestedRecord = Pick<
  StoredRecord,
  'kind' | 'namespace' | 'key' | 'version' | 'fence' | 'value' | 'createdAt' | 'updatedAt' | 'index'
>;

export function recordHash(record: DigestedRecord): ContentHash {
  const { kind, namespace, key, version, fence, value, createdAt, updatedAt, index } = record;
  return hashContent({ kind, namespace, key, version, fence, value, createdAt, updatedAt, index });
}

type Lanes = Pick<ContentHash, 'high' | 'low'>;

/**
 * Sum of the hashes of a set of records, whatever their order: adding and removing a record are one
 * addition each, and two replicas (or a replica and its tables) hold the same records if their
 * digests at the same index are equal.
 */
export class Digest {
  private high = 0;
  private low = 0;

  add(hash: Lanes): void {
    this.high = (this.high + hash.high) | 0;
    this.low = (this.low + hash.low) | 0;
  }

  subtract(hash: Lanes): void {
    this.high = (this.high - hash.high) | 0;
    this.low = (this.low - hash.low) | 0;
  }

  /** Adds another digest: the digest of the union of two disjoint sets. */
  merge(other: Digest): void {
    this.high = (this.high + other.high) | 0;
    this.low = (this.low + other.low) | 0;
  }

  /** 16 hexadecimal digits. */
  toString(): string {
    return hex(this.high) + hex(this.low);
  }

  /** Reads what `toString` wrote. */
  static parse(text: string): Digest {
    const digest = new Digest();
    digest.high = Number.parseInt(text.slice(0, 8), 16) | 0;
    digest.low = Number.parseInt(text.slice(8), 16) | 0;
    return digest;
  }
}

const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');
