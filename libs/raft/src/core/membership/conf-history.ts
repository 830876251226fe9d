import { invariant, logIndex } from '@metad/foundation';
import type { LogIndex, NodeName } from '@metad/foundation';
import type { ConfState, Entry } from '../entry.js';
import { changedConf, isVoter } from './configuration.js';

interface ConfAt {
  readonly index: LogIndex;
  readonly conf: ConfState;
}

/**
 * The configurations that the log still may need: that of the applied index, and every later one.
 * The last is in force; cutting a conflicting suffix brings the one before it back.
 */
export class ConfHistory {
  private confs: ConfAt[];
  /** There is only one, as nearly always: then an append or apply looks no further. */
  private settled = true;

  constructor(index: LogIndex, conf: ConfState) {
    this.confs = [{ index, conf }];
  }

  /** In force. */
  get latest(): ConfState {
    return this.newest().conf;
  }

  /** Where the configuration in force was written. */
  get latestIndex(): LogIndex {
    return this.newest().index;
  }

  /** The configuration as of the applied index. */
  get applied(): ConfState {
    const oldest = this.confs[0];
    invariant(oldest !== undefined, 'a replica always has a configuration');
    return oldest.conf;
  }

  /**
   * May `node` campaign? A voter may; and one that the configuration in force leaves out, as long
   * as that is not known to be committed: it may be the only one that has the change (thesis
   * §4.2.2).
   */
  isElectable(node: NodeName, commit: LogIndex): boolean {
    const mayBeInForce = (at: number): boolean => (this.confs[at + 1]?.index ?? Infinity) > commit;
    return this.confs.some(({ conf }, at) => mayBeInForce(at) && isVoter(conf, node));
  }

  /** Follows an append. True when the configuration in force has changed. */
  follow(entries: readonly Entry[]): boolean {
    const first = entries[0];
    const cut = first !== undefined && this.cutFrom(first.index);
    let changed = cut;
    for (const entry of entries) {
      if (entry.change === null) continue;
      const conf = changedConf(this.latest, entry.change);
      invariant(conf !== null, 'a membership change in the log fits the one before it');
      this.confs.push({ index: entry.index, conf });
      this.settled = false;
      changed = true;
    }
    return changed;
  }

  /** Forgets what lies below the configuration of the applied index. */
  appliedTo(index: LogIndex): void {
    if (this.settled) return;
    while ((this.confs[1]?.index ?? Infinity) <= index) this.confs.shift();
    this.settled = this.confs.length === 1;
  }

  reset(index: LogIndex, conf: ConfState): void {
    this.confs = [{ index: logIndex(index), conf }];
    this.settled = true;
  }

  private newest(): ConfAt {
    const newest = this.confs[this.confs.length - 1];
    invariant(newest !== undefined, 'a replica always has a configuration');
    return newest;
  }

  private cutFrom(index: LogIndex): boolean {
    if (this.settled) return false;
    const before = this.confs.length;
    while (this.confs.length > 1 && this.newest().index >= index) this.confs.pop();
    this.settled = this.confs.length === 1;
    return this.confs.length !== before;
  }
}
