import { logIndex } from '@metad/foundation';
import type { NodeName } from '@metad/foundation';
import type { Entry, ReplicaStatus } from '../../../core/index.js';
import type { RaftLog } from '../../../core/log/raft-log.js';
import { demand } from './violation.js';

interface Applied {
  readonly term: number;
  readonly data: string;
  readonly digest: number;
  readonly by: NodeName;
}

/** What the oracle sees of one node. */
export interface Witness {
  readonly name: NodeName;
  readonly life: number;
  readonly status: ReplicaStatus;
  readonly log: RaftLog;
}

interface Seen {
  life: number;
  term: number;
  commit: number;
  applied: number;
  role: string;
  lastIndex: number;
}

const fingerprint = (entry: Entry): string =>
  entry.change === null ? Buffer.from(entry.data).toString('latin1') : JSON.stringify(entry.change);

/**
 * Knows everything that happened anywhere, and compares: the invariants of SPEC.md, stated over all
 * nodes at once, which no node can check by itself.
 */
export class Oracle {
  readonly applied = new Map<number, Applied>();
  appliedMax = 0;
  /** Where each command took effect. */
  readonly effects = new Map<string, number>();
  private readonly leaders = new Map<number, NodeName>();
  private readonly seen = new Map<NodeName, Seen>();

  /** State machine safety, exactly once, and equal digests at equal index. */
  onApply(by: NodeName, entry: Entry, effect: string | null, digest: number): void {
    const data = fingerprint(entry);
    const known = this.applied.get(entry.index);
    if (known === undefined) {
      this.applied.set(entry.index, { term: entry.term, data, digest, by });
      this.appliedMax = Math.max(this.appliedMax, entry.index);
    } else {
      const same = known.term === entry.term && known.data === data;
      const both = `${known.by}: ${known.data}@${known.term}, ${by}: ${data}@${entry.term}`;
      demand(same, () => `state machine safety: index ${entry.index} differs (${both})`);
      demand(known.digest === digest, () => `digests differ at ${entry.index}: ${by}, ${known.by}`);
    }
    if (effect === null) return;
    const before = this.effects.get(effect) ?? entry.index;
    demand(
      before === entry.index,
      () => `exactly once: ${effect} took effect at ${before} and at ${entry.index}`,
    );
    this.effects.set(effect, entry.index);
  }

  onRestore(by: NodeName, index: number, digest: number): void {
    const known = this.applied.get(index);
    if (known === undefined) return;
    demand(known.digest === digest, () => `${by} restored another state at ${index}`);
  }

  /** After every event, for the nodes that are up. */
  observe(witness: Witness): void {
    const { name, life, status } = witness;
    const before = this.seen.get(name);
    if (before?.life === life) this.observeSameLife(before, status);
    if (status.role === 'leader') this.observeLeader(witness, before);
    const { term, commit, applied, role, lastIndex } = status;
    if (before === undefined) {
      this.seen.set(name, { life, term, commit, applied, role, lastIndex });
    } else {
      Object.assign(before, { life, term, commit, applied, role, lastIndex });
    }
  }

  private observeSameLife(before: Seen, status: ReplicaStatus): void {
    demand(status.term >= before.term, () => `${status.self} went back from ${before.term}`);
    demand(status.commit >= before.commit, () => `${status.self} lost its commit index`);
    demand(status.applied >= before.applied, () => `${status.self} lost its applied index`);
    demand(status.applied <= status.commit, () => `${status.self} applied the uncommitted`);
    const leads = status.role === 'leader' && before.role === 'leader';
    if (leads && status.term === before.term) {
      demand(status.lastIndex >= before.lastIndex, () => `leader append-only: ${status.self}`);
    }
  }

  private observeLeader({ name, life, status, log }: Witness, before: Seen | undefined): void {
    const known = this.leaders.get(status.term) ?? name;
    demand(known === name, () => `election safety: ${known} and ${name} lead ${status.term}`);
    this.leaders.set(status.term, name);
    const since = before?.role === 'leader' && before.term === status.term && before.life === life;
    if (since) return;
    // Leader completeness: what was committed anywhere is in the log of every later leader.
    demand(
      status.lastIndex >= this.appliedMax,
      () => `leader completeness: ${name}@${status.term} ends before ${this.appliedMax}`,
    );
    for (let index: number = log.firstIndex(); index <= this.appliedMax; index += 1) {
      const held = log.termAt(logIndex(index));
      const committed = this.applied.get(index)?.term;
      if (held === null || committed === undefined) continue;
      demand(held === committed, () => `leader completeness: ${name}@${status.term} at ${index}`);
    }
  }

  /** Log matching: two logs that agree on the term of an entry agree on everything before it. */
  compareLogs(witnesses: readonly Witness[]): void {
    witnesses.forEach((a, at) => {
      for (const b of witnesses.slice(at + 1)) compareTwo(a, b);
    });
  }
}

function compareTwo(a: Witness, b: Witness): void {
  const first = Math.max(a.log.firstIndex(), b.log.firstIndex());
  let agreed = false;
  for (let at = Math.min(a.log.lastIndex, b.log.lastIndex); at >= first; at -= 1) {
    const same = a.log.termAt(logIndex(at)) === b.log.termAt(logIndex(at));
    demand(same || !agreed, () => `log matching: ${a.name} and ${b.name} at ${at}`);
    agreed ||= same;
  }
}
