import { logIndex } from '@metad/foundation';
import type { LogIndex } from '@metad/foundation';
import type { Entry, SnapshotMeta } from '../../../core/index.js';
import type { StateImage, StateMachine } from '../../../node/state-machine-port.js';
import { decodeCommand } from './kv-command.js';

/** Told of every apply, with what it did. */
export interface ApplyObserver {
  applied(entry: Entry, effect: string | null, digest: number): void;
  restored(index: LogIndex, digest: number): void;
}

/** Deliberate bugs of the state machine, for negative controls. */
export interface KvBugs {
  readonly deduplicationNotInSnapshot: boolean;
}

export const HONEST: KvBugs = { deduplicationNotInSnapshot: false };

interface Image {
  readonly index: number;
  readonly values: readonly (readonly [string, string])[];
  readonly done: readonly string[];
}

/** FNV-1a over a string, 32 bits. */
function hash(text: string): number {
  let result = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    result = Math.imul(result ^ text.charCodeAt(at), 0x01000193);
  }
  return result >>> 0;
}

/**
 * A replicated map with deduplication: small enough to be obviously right, and shaped like the real
 * one. Its digest is the exclusive or of a hash per key, so it does not depend on order.
 */
export class KvMachine implements StateMachine {
  private index = logIndex(0);
  private values = new Map<string, string>();
  private done = new Set<string>();
  private digest = 0;

  constructor(
    private readonly observer: ApplyObserver,
    private readonly bugs: KvBugs,
  ) {}

  appliedIndex(): LogIndex {
    return this.index;
  }

  get(key: string): string {
    return this.values.get(key) ?? '';
  }

  apply(entry: Entry): unknown {
    this.index = entry.index;
    const effect = entry.kind === 'command' ? this.execute(entry.data) : null;
    this.observer.applied(entry, effect, this.digest);
    return entry.index;
  }

  /** The command's id if it took effect, null if it was a repetition. */
  private execute(data: Uint8Array): string | null {
    const { id, kind, key, value } = decodeCommand(data);
    if (this.done.has(id)) return null;
    this.done.add(id);
    const before = this.get(key);
    this.put(key, kind === 'set' ? value : String(Number(before) + 1));
    return id;
  }

  private put(key: string, value: string): void {
    const before = this.values.get(key);
    if (before !== undefined) this.digest ^= hash(`${key}=${before}`);
    this.values.set(key, value);
    this.digest ^= hash(`${key}=${value}`);
  }

  /** The whole state, as of `appliedIndex()`. */
  serialize(): Uint8Array {
    const { index, values, done } = this;
    const kept = this.bugs.deduplicationNotInSnapshot ? [] : [...done];
    const image: Image = { index, values: [...values], done: kept };
    return new TextEncoder().encode(JSON.stringify(image));
  }

  load(bytes: Uint8Array): void {
    const image = JSON.parse(new TextDecoder().decode(bytes)) as Image;
    this.index = logIndex(image.index);
    this.values = new Map();
    this.digest = 0;
    for (const [key, value] of image.values) this.put(key, value);
    this.done = new Set(image.done);
    this.observer.restored(this.index, this.digest);
  }

  capture(): StateImage {
    const bytes = this.serialize();
    return {
      index: this.index,
      chunks: async function* () {
        for (let at = 0; at < bytes.length; at += 512) yield bytes.slice(at, at + 512);
      },
      release: () => undefined,
    };
  }

  async restore(_meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    this.load(Buffer.concat(parts));
  }
}
