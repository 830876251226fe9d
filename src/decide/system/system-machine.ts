import { invariant } from '@metad/foundation';
import type { LogIndex, LogTime } from '@metad/foundation';
import { Digest, hashContent, sameContent } from '@metad/eventsourcing';
import type { Entry, SnapshotMeta, StateImage, StateMachine } from '@metad/raft';
import { decodeEntry, UnreadableEntry } from '../command-codec.js';
import { FEATURE_LEVEL_MAX } from '../feature-level.js';
import { decideSystem } from './system-rules.js';
import type { SystemCommand, SystemResult, SystemState } from './system-state.js';

/**
 * The state machine of partition 0. Its state is small and changes rarely, so it is one immutable
 * object, replaced by every command that changes it; the image is its JSON.
 */
export class SystemMachine implements StateMachine {
  private index = 0 as LogIndex;
  private time = 0 as LogTime;
  private current: SystemState | null = null;

  /** `onChange` is called after every change, also when an image took the state's place. */
  constructor(private readonly onChange: (state: SystemState) => void) {}

  /** Null until the cluster's beginning is applied here. */
  state(): SystemState | null {
    return this.current;
  }

  appliedIndex(): LogIndex {
    return this.index;
  }

  logTime(): LogTime {
    return this.time;
  }

  /** Equal on two replicas that applied the same index. */
  digest(): string {
    const digest = new Digest();
    digest.add(hashContent(this.current));
    return digest.toString();
  }

  /** Returns a `SystemResult` for a command, else undefined. */
  apply(entry: Entry, _attachment: unknown): SystemResult | undefined {
    invariant(entry.index === this.index + 1, 'entries are applied in order, each once');
    if (entry.kind !== 'command') {
      this.index = entry.index;
      return undefined;
    }
    const { type, level, time, body } = decodeEntry(entry.data, true);
    if (type !== 'system') throw new UnreadableEntry(`a ${type} entry in partition 0`);
    if (level > FEATURE_LEVEL_MAX) throw new UnreadableEntry(`feature level ${level}`);
    this.index = entry.index;
    this.time = Math.max(this.time + 1, time) as LogTime;
    return this.decide(JSON.parse(body) as SystemCommand);
  }

  capture(): StateImage {
    const image: SystemImage = {
      format: FORMAT,
      index: this.index,
      time: this.time,
      state: this.current,
    };
    return { index: this.index, chunks: () => oneChunk(image), release: () => undefined };
  }

  async restore(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    const image = JSON.parse(Buffer.concat(parts).toString('utf8')) as SystemImage;
    invariant(image.format === FORMAT, 'the image has a format that this program can read');
    invariant(image.index === meta.index, 'an image is of the index that its snapshot names');
    this.index = image.index;
    this.time = image.time;
    this.become(image.state);
  }

  private decide(command: SystemCommand): SystemResult {
    const { state, refusal } = decideSystem(this.current, command);
    if (refusal !== null) return refusal;
    const changed = !sameContent(state, this.current);
    if (changed) this.become(state);
    return { accepted: true, changed };
  }

  private become(state: SystemState | null): void {
    if (state !== null && state.featureLevel > FEATURE_LEVEL_MAX) {
      throw new UnreadableEntry(`feature level ${state.featureLevel}`);
    }
    this.current = state;
    if (state !== null) this.onChange(state);
  }
}

const FORMAT = 1;

interface SystemImage {
  readonly format: number;
  readonly index: LogIndex;
  readonly time: LogTime;
  readonly state: SystemState | null;
}

async function* oneChunk(image: SystemImage): AsyncGenerator<Uint8Array> {
  yield Buffer.from(JSON.stringify(image));
}
