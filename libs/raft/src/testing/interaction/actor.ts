import { logIndex, term } from '@metad/foundation';
import type { LogIndex, NodeName, Term } from '@metad/foundation';
import { createReplica } from '../../core/index.js';
import type { Entry, HardState, LogPosition, Message } from '../../core/index.js';
import type { Ready, Replica } from '../../core/index.js';
import type { ReplicaOptions } from '../../core/index.js';
import type { MemoryLog } from '../memory-log.js';
import { replicaOptions } from '../replica-group.js';

const FRESH: HardState = { term: term(0), vote: null, commit: logIndex(0) };

/**
 * One replica of an interaction script: what is durable, what is being written, and the replica
 * itself while it runs. Writes finish at once unless they are held back.
 */
export class Actor {
  replica: Replica | null = null;
  writesHeld = false;
  applied: Entry[] = [];
  private hardState = FRESH;
  private writes: Ready[] = [];

  constructor(
    readonly name: NodeName,
    readonly log: MemoryLog,
    private readonly overrides: Partial<ReplicaOptions>,
    private readonly tell: (line: string) => void,
  ) {}

  start(): void {
    const { hardState } = this;
    const { index, conf } = this.log.snapshot();
    const overrides = { ...this.overrides, hardState, conf, applied: index };
    this.applied = [];
    this.replica = createReplica(replicaOptions(this.name, this.log, overrides));
  }

  /**
   * Comes back as a driver brings back one whose log was damaged: what is behind `last` is gone, so
   * is its vote, and it starts above every term that it may have voted in, under a floor.
   */
  refill(last: LogIndex, from: Term, floor: LogPosition): void {
    this.crash();
    this.log.cut(last);
    this.hardState = { term: from, vote: null, commit: this.log.snapshot().index };
    this.start();
    this.replica?.restrain(floor);
  }

  /** Loses everything that is not durable. */
  crash(): void {
    this.replica = null;
    this.writes = [];
    this.writesHeld = false;
  }

  /** Takes every Ready; returns what it sends. */
  work(): readonly Message[] {
    const sent: Message[] = [];
    while (this.replica?.hasReady() === true) {
      const ready = this.replica.takeReady();
      this.report(ready);
      sent.push(...ready.messages);
      this.writes.push(ready);
      if (!this.writesHeld) sent.push(...this.finishWrites(this.writes.length));
      this.apply(ready.committed);
    }
    return sent;
  }

  /** The oldest writes become durable; returns the messages that waited for them. */
  finishWrites(count: number): readonly Message[] {
    return this.writes.splice(0, count).flatMap((ready) => this.write(ready));
  }

  /** Null when only a snapshot that is still being written knows it. */
  termAt(index: LogIndex): Term | null {
    const pending = this.replica?.lastEntry();
    return pending?.index === index ? pending.term : this.log.termAt(index);
  }

  private write(ready: Ready): readonly Message[] {
    this.log.write(ready.entries, ready.snapshot);
    if (ready.hardState !== null) this.hardState = ready.hardState;
    const last = ready.entries[ready.entries.length - 1];
    const snapshotIndex = ready.snapshot?.index ?? logIndex(0);
    if (ready.awaitsPersist) {
      this.replica?.persisted(last?.index ?? logIndex(0), last?.term ?? term(0), snapshotIndex);
    }
    if (ready.snapshot !== null) {
      this.tell(`${this.name} restores snapshot ${ready.snapshot.index}@${ready.snapshot.term}`);
      this.replica?.applied(ready.snapshot.index);
    }
    return ready.messagesAfterPersist;
  }

  private apply(committed: readonly Entry[]): void {
    this.applied.push(...committed);
    const last = committed[committed.length - 1];
    if (last !== undefined) this.replica?.applied(last.index);
  }

  private report(ready: Ready): void {
    const { softState, readStates } = ready;
    if (softState !== null) {
      const at = this.replica?.status().term;
      const follows = softState.leader === null ? 'nobody' : `${softState.leader}`;
      const what = softState.role === 'follower' ? `follows ${follows}` : `is ${softState.role}`;
      this.tell(`${this.name} ${what} in term ${at}`);
    }
    for (const { context, index } of readStates) {
      this.tell(`${this.name} read ${context} ${index === 0 ? 'refused' : `at ${index}`}`);
    }
  }
}
