import { logIndex, term } from '@metad/foundation';
import type { NodeName } from '@metad/foundation';
import { createReplica } from '../core/index.js';
import type { ConfState, Entry, Message, Ready, Replica, ReplicaOptions } from '../core/index.js';
import { MemoryLog } from './memory-log.js';

/** Plain voters, not joint. */
export const confOf = (
  voters: readonly NodeName[],
  learners: readonly NodeName[] = [],
): ConfState => ({
  voters: [...voters].sort(),
  votersOutgoing: [],
  learners: [...learners].sort(),
  learnersNext: [],
  autoLeave: false,
});

/** Options of a fresh replica in tests; `overrides` win. */
export const replicaOptions = (
  self: NodeName,
  log: MemoryLog,
  overrides: Partial<ReplicaOptions> = {},
): ReplicaOptions => ({
  self,
  log,
  hardState: { term: term(0), vote: null, commit: logIndex(0) },
  conf: log.snapshot().conf,
  applied: logIndex(0),
  electionTimeoutTicks: 10,
  heartbeatTicks: 2,
  seed: 1,
  appendBytesMax: 1 << 20,
  inflightAppendsMax: 64,
  inflightBytesMax: 1 << 24,
  uncommittedBytesMax: 1 << 24,
  committedBytesMax: 1 << 20,
  leaseReads: false,
  ...overrides,
});

/** One replica with its log, and what it applied. */
export interface GroupMember {
  readonly name: NodeName;
  readonly log: MemoryLog;
  readonly replica: Replica;
  readonly applied: Entry[];
}

/** `compactEvery`: forget applied entries, in log and list, beyond so many; 0 keeps everything. */
export type GroupOptions = Partial<ReplicaOptions> & { readonly compactEvery?: number };

/**
 * Replicas in memory, written and delivered at once: the smallest possible driver. `lose` decides
 * which messages never arrive.
 */
export class ReplicaGroup {
  readonly members = new Map<NodeName, GroupMember>();
  private network: Message[] = [];

  constructor(
    names: readonly NodeName[],
    private readonly lose: (message: Message) => boolean = () => false,
    private readonly overrides: GroupOptions = {},
  ) {
    const conf = confOf(names);
    names.forEach((name, at) => {
      const log = new MemoryLog(conf);
      const replica = createReplica(replicaOptions(name, log, { seed: at, ...overrides }));
      this.members.set(name, { name, log, replica, applied: [] });
    });
  }

  /** Until nobody has anything to do. */
  settle(): void {
    for (let busy = true; busy;) {
      busy = false;
      for (const member of this.members.values()) {
        while (member.replica.hasReady()) {
          busy = true;
          for (const message of perform(member, member.replica.takeReady())) {
            this.network.push(message);
          }
          this.maybeCompact(member);
        }
      }
      const messages = this.network;
      this.network = [];
      for (const message of messages) {
        busy = true;
        if (!this.lose(message)) this.members.get(message.to)?.replica.step(message);
      }
    }
  }

  private maybeCompact(member: GroupMember): void {
    const { applied, log, replica } = member;
    const every = this.overrides.compactEvery ?? 0;
    const last = applied[applied.length - 1];
    if (every === 0 || applied.length < every || last === undefined) return;
    const { conf } = replica.status();
    log.compact({ index: last.index, term: last.term, conf }, last.index);
    replica.compacted();
    applied.length = 0;
  }

  tick(count: number): void {
    for (let at = 0; at < count; at += 1) {
      for (const { replica } of this.members.values()) replica.tick();
      this.settle();
    }
  }

  /** The leader of the highest term. */
  leader(): Replica {
    const leaders = [...this.members.values()]
      .map(({ replica }) => replica)
      .filter((replica) => replica.status().role === 'leader')
      .sort((a, b) => b.status().term - a.status().term);
    const leader = leaders[0];
    if (leader === undefined) throw new Error('no leader');
    return leader;
  }
}

/** Does what a Ready asks, in its order; returns the messages to send. */
export function perform(member: GroupMember, ready: Ready): readonly Message[] {
  const { log, replica, applied } = member;
  log.write(ready.entries, ready.snapshot);
  const last = ready.entries[ready.entries.length - 1];
  if (ready.awaitsPersist) {
    replica.persisted(
      last?.index ?? logIndex(0),
      last?.term ?? term(0),
      ready.snapshot?.index ?? logIndex(0),
    );
  }
  if (ready.snapshot !== null) replica.applied(ready.snapshot.index);
  for (const entry of ready.committed) applied.push(entry);
  const done = ready.committed[ready.committed.length - 1];
  if (done !== undefined) replica.applied(done.index);
  return ready.messages.length === 0
    ? ready.messagesAfterPersist
    : [...ready.messages, ...ready.messagesAfterPersist];
}
