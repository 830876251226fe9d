import { logIndex } from '@metad/foundation';
import type { LogIndex } from '@metad/foundation';
import type { Entry, StateImage, StateMachine } from '@metad/raft';

/** The simplest state: every command applied, as text, in order. */
export class ListMachine implements StateMachine {
  readonly applied: string[] = [];
  private index = logIndex(0);

  apply(entry: Entry): unknown {
    if (entry.index !== this.index + 1) throw new Error(`gap before ${entry.index}`);
    this.index = entry.index;
    if (entry.kind !== 'command') return null;
    const text = Buffer.from(entry.data).toString();
    if (text === 'poison') throw new Error('the poison was swallowed');
    this.applied.push(text);
    return this.applied.length;
  }

  appliedIndex(): LogIndex {
    return this.index;
  }

  capture(): StateImage {
    const image = [...this.applied];
    return {
      index: this.index,
      async *chunks() {
        for (const line of image) yield Buffer.from(`${line}\n`);
      },
      release: () => {},
    };
  }

  async restore(meta: { index: LogIndex }, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    const lines = Buffer.concat(parts).toString().split('\n').slice(0, -1);
    this.applied.splice(0, this.applied.length, ...lines);
    this.index = meta.index;
  }
}
