import { logIndex } from '@metad/foundation';
import type { NodeName } from '@metad/foundation';
import type { Entry } from '../../../core/index.js';
import type { RaftState } from '../../../core/state/raft-state.js';
import { demand } from './violation.js';

interface Applied {
  readonly term: number;
  readonly data: string;
  readonly digest: number;
  readonly by: NodeName;
}

/** What the oracle sees of one node: everything. */
export interface Witness {
  readonly name: NodeName;
  readonly life: number;
  readonly raft: RaftState;
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
  /** The term in which each index was committed, as it was first seen to be. */
  private readonly commitTerms = new Map<number, number>();
  private commitMax = 0;
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

  /** After every event, for the nodes that are up. True when something telling just happened. */
  observe(witness: Witness): boolean {
    const { name, life, raft } = witness;
    const { role, term, log } = raft;
    let seen = this.seen.get(name);
    if (seen === undefined) {
      seen = { life: -1, term: 0, commit: 0, applied: 0, role: '', lastIndex: 0 };
      this.seen.set(name, seen);
    }
    if (seen.life === life) observeSameLife(seen, raft);
    for (; this.commitMax < log.commitIndex; this.commitMax += 1) {
      this.commitTerms.set(this.commitMax + 1, term);
    }
    if (role === 'leader') this.observeLeader(witness, seen);
    const won = seen.role !== role || seen.term !== term;
    const telling = won || (role === 'leader' && seen.commit < log.commitIndex);
    seen.life = life;
    seen.term = term;
    seen.commit = log.commitIndex;
    seen.applied = log.appliedIndex;
    seen.role = role;
    seen.lastIndex = log.lastIndex;
    return telling;
  }

  private observeLeader({ name, life, raft }: Witness, seen: Seen): void {
    const { term, log } = raft;
    if (seen.role === 'leader' && seen.term === term && seen.life === life) return;
    const known = this.leaders.get(term) ?? name;
    demand(known === name, () => `election safety: ${known} and ${name} lead ${term}`);
    this.leaders.set(term, name);
    // Leader completeness: what was committed in an earlier term is in the log of this leader. Late
    // votes may make one of a term that others are past: what they commit is none of its business.
    for (let index: number = log.firstIndex(); index <= this.appliedMax; index += 1) {
      const committed = this.applied.get(index)?.term;
      if (committed === undefined) continue;
      if ((this.commitTerms.get(index) ?? committed) >= term) continue;
      demand(log.lastIndex >= index, () => `leader completeness: ${name}@${term} lacks ${index}`);
      const held = log.termAt(logIndex(index));
      if (held === null) continue;
      demand(held === committed, () => `leader completeness: ${name}@${term} at ${index}`);
    }
  }

  /** Log matching: two logs that agree on the term of an entry agree on everything before it. */
  compareLogs(witnesses: readonly Witness[]): void {
    witnesses.forEach((a, at) => {
      for (const b of witnesses.slice(at + 1)) compareTwo(a, b);
    });
  }
}

function observeSameLife(seen: Seen, { self, role, term, log }: RaftState): void {
  demand(term >= seen.term, () => `${self} went back from term ${seen.term}`);
  demand(log.commitIndex >= seen.commit, () => `${self} lost its commit index`);
  demand(log.appliedIndex >= seen.applied, () => `${self} lost its applied index`);
  demand(log.appliedIndex <= log.commitIndex, () => `${self} applied the uncommitted`);
  const leads = role === 'leader' && seen.role === 'leader' && term === seen.term;
  demand(!leads || log.lastIndex >= seen.lastIndex, () => `leader append-only: ${self}`);
}

function compareTwo(a: Witness, b: Witness): void {
  const [one, other] = [a.raft.log, b.raft.log];
  const first = Math.max(one.firstIndex(), other.firstIndex());
  let agreed = false;
  for (let at = Math.min(one.lastIndex, other.lastIndex); at >= first; at -= 1) {
    const same = one.termAt(logIndex(at)) === other.termAt(logIndex(at));
    demand(same || !agreed, () => `log matching: ${a.name} and ${b.name} at ${at}`);
    agreed ||= same;
  }
}
