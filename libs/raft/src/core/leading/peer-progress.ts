import { logIndex } from '@metad/foundation';
import type { LogIndex, NodeName } from '@metad/foundation';
import { Inflights } from './inflights.js';

/**
 * What a leader knows about one replica.
 *
 * - `probe`: where the logs agree is not known; one append at a time.
 * - `replicate`: it follows; appends are sent ahead, within the window.
 * - `snapshot`: it needs entries that are compacted away; nothing is sent until it has it.
 */
export class PeerProgress {
  state: 'probe' | 'replicate' | 'snapshot' = 'probe';
  match: LogIndex = logIndex(0);
  /** The highest commit index that it was told. */
  sentCommit: LogIndex = logIndex(0);
  /** In `probe`: an append is under way, wait for its answer or for a heartbeat's. */
  probeSent = false;
  /** Send an append even if it is empty: something may have been lost. */
  nudge = false;
  /** The snapshot under way; 0 in other states. */
  snapshotIndex: LogIndex = logIndex(0);
  snapshotTicks = 0;
  /** The newest ReadIndex round that it confirmed. */
  readRound = 0;
  readonly inflights: Inflights;

  constructor(
    readonly name: NodeName,
    public next: LogIndex,
    public recentActive: boolean,
    public learner: boolean,
    window: { readonly inflightAppendsMax: number; readonly inflightBytesMax: number },
  ) {
    this.inflights = new Inflights(window.inflightAppendsMax, window.inflightBytesMax);
  }

  /**
   * Asks where the logs agree. After a snapshot, whatever became of it, it asks behind that: the
   * peer may have got there in another way, and what is known to match may be compacted away here.
   */
  becomeProbe(): void {
    const afterSnapshot = this.state === 'snapshot' ? this.snapshotIndex : 0;
    this.reset('probe');
    this.next = logIndex(Math.max(this.match, afterSnapshot) + 1);
  }

  becomeReplicate(): void {
    this.reset('replicate');
    this.next = logIndex(this.match + 1);
  }

  becomeSnapshot(index: LogIndex): void {
    this.reset('snapshot');
    this.snapshotIndex = index;
  }

  isPaused(): boolean {
    if (this.state === 'snapshot') return true;
    return this.state === 'probe' ? this.probeSent : this.inflights.isFull();
  }

  /** An append up to `lastIndex` was sent. */
  sent(lastIndex: LogIndex, bytes: number): void {
    this.nudge = false;
    if (this.state === 'probe') this.probeSent = true;
    else if (lastIndex >= this.next) {
      this.next = logIndex(lastIndex + 1);
      this.inflights.add(lastIndex, bytes);
    }
  }

  /** A message told it that everything up to `commit` is committed. */
  toldCommit(commit: LogIndex): void {
    if (commit > this.sentCommit) this.sentCommit = commit;
  }

  /** It has everything up to `index`. True when that is news. */
  acknowledge(index: LogIndex): boolean {
    const news = index > this.match;
    if (news) this.match = index;
    if (index >= this.next) this.next = logIndex(index + 1);
    if (news) this.probeSent = false;
    return news;
  }

  /**
   * It refused an append after `rejected`; the logs may agree up to `hint`. False when later
   * answers overtook this one.
   */
  backOff(rejected: LogIndex, hint: LogIndex): boolean {
    if (this.state === 'replicate') {
      if (rejected <= this.match) return false;
      this.becomeProbe();
      return true;
    }
    if (this.state === 'snapshot' || this.next - 1 !== rejected) return false;
    this.next = logIndex(Math.max(Math.min(rejected, hint + 1), this.match + 1));
    this.probeSent = false;
    return true;
  }

  private reset(state: 'probe' | 'replicate' | 'snapshot'): void {
    this.state = state;
    this.probeSent = false;
    this.snapshotTicks = 0;
    if (state !== 'snapshot') this.snapshotIndex = logIndex(0);
    this.inflights.clear();
  }
}
