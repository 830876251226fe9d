import { logIndex } from '@metad/foundation';
import type { LogIndex, Term } from '@metad/foundation';
import type { ConfState, Entry, Message, Ready, Replica } from '../../../core/index.js';
import { answerRead } from '../../../core/state/raft-state.js';
import type { RaftState } from '../../../core/state/raft-state.js';
import type { DiskFile, FileSystem } from '../../../storage/file-system-port.js';
import { MARK_PAGE_BYTES } from '../../../storage/log/format/mark.js';
import type { Focus } from './plan.js';
import { raftOf } from '../nodes/raft-of.js';
import type { KvBugs } from '../workload/kv-machine.js';

/**
 * A deliberate bug, planted from outside into every replica that a run creates: production code
 * carries nothing for it. A simulation that does not find it proves nothing.
 */
export interface Sabotage {
  readonly name: string;
  /** The bug in one sentence. */
  readonly bug: string;
  /** Seeds within which it must be found. */
  readonly seedsMax: number;
  /** Also looked for with whole nodes, which are slower. */
  readonly foundInWholeNodes?: boolean;
  /** The faults that bring it to light, when a general draw does so too rarely. */
  readonly focus?: Focus;
  /** Not to be found with bare cores: they have none of what is broken. */
  readonly onlyInWholeNodes?: boolean;
  plant?(replica: Replica, raft: RaftState): void;
  /** What the log of a whole node sees of its disk. */
  readonly fileSystem?: (disk: FileSystem) => FileSystem;
  readonly machine?: KvBugs;
}

/** Changes what a replica hands out. */
function alterReady(replica: Replica, alter: (ready: Ready) => Ready): void {
  const take = replica.takeReady.bind(replica);
  replica.takeReady = () => alter(take());
}

/** Changes a getter of one object. */
function overrideGetter(target: object, name: string, get: (original: unknown) => unknown): void {
  const found = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(target), name);
  Object.defineProperty(target, name, { get: () => get(found?.get?.call(target)) });
}

function readAll(raft: RaftState, from: number): readonly Entry[] {
  const entries: Entry[] = [];
  for (let at = from; at <= raft.log.lastIndex;) {
    const read = raft.log.read(logIndex(at), 1 << 20) ?? [];
    if (read.length === 0) break;
    entries.push(...read);
    at += read.length;
  }
  return entries;
}

const CONSENSUS: readonly Sabotage[] = [
  {
    name: 'old-term-commit',
    bug: 'a leader commits an entry of an older term because a quorum stored it',
    focus: {
      mischief: ['crashes', 'ambushes', 'splits'],
      settings: {
        voters: 3,
        spares: 0,
        clients: 6,
        thinkMs: 4,
        appendBytesMax: 60,
        inflightAppendsMax: 1,
        ambushRate: 0.1,
        leaderHunt: 0.9,
        mischiefEveryMs: 600,
        links: { loss: 0, duplication: 0, delayMs: 20, straggling: 0 },
        disk: { syncMs: 1, laggardFactor: 1, stalling: 0, stallMs: 0 },
      },
    },
    seedsMax: 300,
    plant(_replica, raft) {
      const matches = raft.log.matches.bind(raft.log);
      raft.log.matches = (index: LogIndex, term: Term) =>
        raft.role === 'leader' ? index <= raft.log.lastIndex : matches(index, term);
    },
  },
  {
    name: 'vote-not-persisted',
    bug: 'a vote is given but not remembered across a restart',
    focus: {
      mischief: ['crashes', 'duels'],
      settings: {
        voters: 3,
        spares: 0,
        mischiefEveryMs: 400,
        leaderHunt: 0.2,
        links: { loss: 0, duplication: 0, delayMs: 12, straggling: 0 },
        disk: { syncMs: 1, laggardFactor: 1, stalling: 0, stallMs: 0 },
      },
    },
    seedsMax: 100,
    plant(replica) {
      alterReady(replica, (ready) => {
        const { hardState } = ready;
        return hardState === null ? ready : { ...ready, hardState: { ...hardState, vote: null } };
      });
    },
  },
  {
    name: 'no-durability-wait',
    bug: 'answers go out before what they promise is durable',
    foundInWholeNodes: true,
    seedsMax: 100,
    plant(replica) {
      alterReady(replica, (ready) => ({
        ...ready,
        messages: [...ready.messages, ...ready.messagesAfterPersist],
        messagesAfterPersist: [],
      }));
    },
  },
  {
    name: 'leader-counts-unsynced',
    bug: 'a leader counts itself before its own write is durable',
    focus: {
      mischief: ['crashes', 'slowDisks', 'ambushes', 'oneWay'],
      settings: { voters: 3, spares: 0, ambushRate: 0.1, leaderHunt: 0.9, mischiefEveryMs: 150 },
    },
    seedsMax: 100,
    plant(replica, raft) {
      const propose = replica.propose.bind(replica);
      replica.propose = (datas) => {
        const result = propose(datas);
        const self = raft.leadership?.self ?? null;
        if (self !== null) self.match = raft.log.lastIndex;
        return result;
      };
    },
  },
  {
    name: 'no-truncation',
    bug: 'a conflicting suffix is overwritten, but what lies behind it stays',
    focus: {
      mischief: ['splits', 'ambushes', 'deadLeaderSignals'],
      settings: { leaderHunt: 0.9, mischiefEveryMs: 300 },
    },
    seedsMax: 300,
    plant(_replica, raft) {
      const append = raft.log.append.bind(raft.log);
      raft.log.append = (entries: readonly Entry[]) => {
        const last = entries[entries.length - 1];
        const kept = last === undefined ? [] : readAll(raft, last.index + 1);
        append(entries);
        append(kept);
      };
    },
  },
  {
    name: 'no-election-restriction',
    bug: 'a vote is given to a log that lacks entries',
    foundInWholeNodes: true,
    seedsMax: 100,
    plant(_replica, raft) {
      raft.log.isUpToDate = () => true;
    },
  },
  {
    name: 'no-consistency-check',
    bug: 'a follower takes entries without looking at the one before them',
    foundInWholeNodes: true,
    seedsMax: 100,
    plant(_replica, raft) {
      const matches = raft.log.matches.bind(raft.log);
      raft.log.matches = (index: LogIndex, term: Term) =>
        matches(index, term) || (raft.role === 'follower' && index === raft.log.lastIndex);
    },
  },
  {
    name: 'commit-beyond-match',
    bug: 'followers are told a commit index beyond what they are known to have',
    foundInWholeNodes: true,
    seedsMax: 100,
    plant(replica, raft) {
      const tell = (message: Message): Message =>
        message.kind === 'heartbeat' || message.kind === 'commit'
          ? { ...message, commit: raft.log.commitIndex }
          : message;
      alterReady(replica, (ready) => ({ ...ready, messages: ready.messages.map(tell) }));
    },
  },
];

const SERVICE: readonly Sabotage[] = [
  {
    name: 'read-without-quorum',
    bug: 'a leader answers reads from its own belief that it leads',
    focus: {
      mischief: ['splits', 'deadLeaderSignals'],
      settings: { leaderHunt: 0.9, clients: 8, thinkMs: 4, keys: 1 },
    },
    foundInWholeNodes: true,
    seedsMax: 100,
    plant(replica, raft) {
      const readIndex = replica.readIndex.bind(replica);
      replica.readIndex = (context) => {
        if (raft.leadership === null) readIndex(context);
        else answerRead(raft, context, raft.log.commitIndex);
      };
    },
  },
  {
    name: 'applied-twice',
    bug: 'after a restart some entries are handed out a second time',
    foundInWholeNodes: true,
    seedsMax: 100,
    plant(_replica, raft) {
      const { log } = raft;
      const again = logIndex(Math.max(log.firstIndex() - 1, log.appliedIndex - 3));
      log.appliedIndex = again;
      log.handedIndex = again;
    },
  },
  {
    name: 'deduplication-not-in-snapshot',
    bug: 'a snapshot forgets which commands were done',
    foundInWholeNodes: true,
    seedsMax: 100,
    machine: { deduplicationNotInSnapshot: true },
  },
];

const MEMBERSHIP: readonly Sabotage[] = [
  {
    name: 'no-joint-configuration',
    bug: 'several voters change in one step, the outgoing majority is not asked',
    seedsMax: 100,
    plant(_replica, raft) {
      const known = new Map<unknown, ConfState>();
      const strip = (original: unknown): ConfState => {
        const conf = original as ConfState;
        const stripped = known.get(conf) ?? { ...conf, votersOutgoing: [], learnersNext: [] };
        known.set(conf, stripped);
        return stripped;
      };
      overrideGetter(raft.confs, 'latest', strip);
      overrideGetter(raft.confs, 'applied', strip);
    },
  },
  {
    name: 'changes-in-parallel',
    bug: 'a membership change is taken while another one is not committed',
    focus: {
      mischief: ['splits', 'membership', 'crashes'],
      settings: { voters: 3, spares: 2, leaderHunt: 0.7, mischiefEveryMs: 150 },
    },
    seedsMax: 100,
    plant(_replica, raft) {
      overrideGetter(raft.confs, 'latestIndex', () => 0);
    },
  },
  {
    name: 'snapshot-without-membership',
    bug: 'a snapshot is installed without the membership that belongs to it',
    focus: {
      mischief: ['splits', 'membership', 'crashes'],
      settings: { voters: 3, spares: 2, snapshotEntries: 30 },
    },
    seedsMax: 100,
    plant(_replica, raft) {
      raft.confs.reset = () => undefined;
    },
  },
];

/** The same disk, on which marks are never written. */
function withoutMarks(disk: FileSystem): FileSystem {
  const open = (path: string, mode: 'create' | 'write' | 'read'): DiskFile => {
    const file = disk.open(path, mode);
    const { write } = file;
    file.write = (bytes, position) => {
      if (bytes.length !== MARK_PAGE_BYTES) write(bytes, position);
    };
    return file;
  };
  return Object.assign(Object.create(disk) as FileSystem, { open });
}

const STORAGE: readonly Sabotage[] = [
  {
    name: 'newest-batch-without-witness',
    bug: 'nothing but the newest batch itself says that it was acknowledged',
    focus: {
      mischief: ['bitRot', 'blackouts'],
      settings: {
        voters: 3,
        spares: 0,
        thinkMs: 2,
        clients: 8,
        mischiefEveryMs: 300,
        disk: { syncMs: 12, laggardFactor: 20, stalling: 0, stallMs: 100 },
        links: { loss: 0, duplication: 0, delayMs: 1, straggling: 0 },
        snapshotEntries: 1_000_000,
      },
    },
    onlyInWholeNodes: true,
    foundInWholeNodes: true,
    seedsMax: 100,
    fileSystem: withoutMarks,
  },
];

export const SABOTAGES: readonly Sabotage[] = [...CONSENSUS, ...SERVICE, ...MEMBERSHIP, ...STORAGE];

export function plant(sabotage: Sabotage | null, replica: Replica): Replica {
  sabotage?.plant?.(replica, raftOf(replica));
  return replica;
}
