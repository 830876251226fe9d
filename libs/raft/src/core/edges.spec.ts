import { describe, expect, it } from '@jest/globals';
import { logIndex, nodeName, term } from '@metad/foundation';
import { confOf, replicaOptions, ReplicaGroup } from '../testing/replica-group.js';
import { MemoryLog } from '../testing/memory-log.js';
import { createReplica } from './index.js';
import type { Message, Replica } from './index.js';
import { readsMax } from './leading/reads.js';

// What no sane group does to a replica, and a hostile or confused one may.

const [n1, n2, n3] = ['n1', 'n2', 'n3'].map(nodeName) as [never, never, never];
const stranger = nodeName('n9');

/** A leader of three, n1, in term 1, and its replica n2. */
function group(): { leader: Replica; follower: Replica } {
  const made = new ReplicaGroup([n1, n2, n3]);
  made.members.get(n1)?.replica.campaign();
  made.settle();
  return {
    leader: made.members.get(n1)?.replica as Replica,
    follower: made.members.get(n2)?.replica as Replica,
  };
}

function answers(replica: Replica, message: Message): readonly Message[] {
  replica.step(message);
  const ready = replica.takeReady();
  return [...ready.messages, ...ready.messagesAfterPersist];
}

describe('a leader', () => {
  it('does not care for answers of strangers', () => {
    const { leader } = group();
    const from = { from: stranger, to: n1, term: term(1) };
    const none = { hintIndex: logIndex(0), hintTerm: term(0) };
    const append = { kind: 'appendResponse', ...from, index: logIndex(99) } as const;
    expect(answers(leader, { ...append, rejected: false, ...none })).toEqual([]);
    expect(answers(leader, { kind: 'heartbeatResponse', ...from, readRound: 7 })).toEqual([]);
    expect(leader.status().commit).toBe(1);
  });

  it('holds a bounded number of reads, and refuses the rest', () => {
    const { leader } = group();
    for (let context = 1; context <= readsMax + 1; context += 1) leader.readIndex(context);
    expect(leader.takeReady().readStates).toEqual([{ context: readsMax + 1, index: 0 }]);
    leader.readIndex(0);
    expect(leader.takeReady().readStates).toEqual([{ context: 0, index: 0 }]);
  });

  it('ends no transfer or snapshot that is not under way', () => {
    const { leader, follower } = group();
    leader.reportSnapshot(n2, true);
    leader.reportUnreachable(stranger);
    follower.reportSnapshot(n2, true);
    follower.reportUnreachable(n3);
    follower.transferLeadership(n3);
    expect(leader.status().progress.get(n2)).toMatchObject({ state: 'replicate', match: 1 });
  });

  it('counts uncommitted bytes, a follower has none', () => {
    const { leader, follower } = group();
    leader.propose([new Uint8Array(10)]);
    expect(leader.entriesUncommittedBytes()).toBe(58);
    expect(follower.entriesUncommittedBytes()).toBe(0);
    expect(leader.lastEntry()).toMatchObject({ index: 2, term: 1 });
    expect(follower.lastEntry()).toBe(null);
  });

  it('does not campaign, nor forgets itself', () => {
    const { leader } = group();
    leader.campaign();
    leader.forgetLeader();
    expect(leader.status()).toMatchObject({ role: 'leader', term: 1, leader: 'n1' });
  });
});

describe('a follower', () => {
  it('refuses votes and reads that come from the past, or to the wrong one', () => {
    const { follower } = group();
    const old = { from: n3, to: n2, term: term(0) };
    const last = { lastIndex: logIndex(9), lastTerm: term(9), transfer: true };
    expect(answers(follower, { kind: 'vote', ...old, ...last })).toMatchObject([
      { kind: 'voteResponse', term: 1, granted: false },
    ]);
    expect(answers(follower, { kind: 'preVote', ...old, ...last })).toMatchObject([
      { kind: 'preVoteResponse', term: 1, granted: false },
    ]);
    const read = { kind: 'readIndex', from: n3, to: n2, term: term(1), context: 5 } as const;
    expect(answers(follower, read)).toMatchObject([{ kind: 'readIndexResponse', index: 0 }]);
    expect(answers(follower, { kind: 'timeoutNow', ...old })).toEqual([]);
    expect(() => follower.step({ ...read, to: n3 })).toThrow('addressed to it');
  });

  it('says where its log begins when nothing in it can match', () => {
    const conf = confOf([n1, n2]);
    const log = new MemoryLog(conf, logIndex(5), term(3));
    const hardState = { term: term(3), vote: null, commit: logIndex(5) };
    const replica = createReplica(replicaOptions(n2, log, { hardState, applied: logIndex(5) }));
    const append: Message = {
      kind: 'append',
      from: n1,
      to: n2,
      term: term(4),
      prevIndex: logIndex(6),
      prevTerm: term(1),
      commit: logIndex(0),
      entries: [],
    };
    expect(answers(replica, append)).toMatchObject([
      { rejected: true, index: 6, hintIndex: 4, hintTerm: 0 },
    ]);
  });

  it('expects that its disk keeps what it remembers', () => {
    const conf = confOf([n1, n2]);
    const log = new MemoryLog(conf);
    const hardState = { term: term(1), vote: null, commit: logIndex(3) };
    expect(() => createReplica(replicaOptions(n2, log, { hardState }))).toThrow('commit index');
    const later = new MemoryLog(conf, logIndex(5), term(3));
    const early = { term: term(2), vote: null, commit: logIndex(5) };
    expect(() => createReplica(replicaOptions(n2, later, { hardState: early }))).toThrow('term');
  });

  it('holds the driver to its order', () => {
    const { leader } = group();
    leader.propose([new Uint8Array(1)]);
    leader.takeReady();
    expect(() => leader.persisted(logIndex(9), term(1), logIndex(0))).toThrow('in the order');
    expect(() => leader.applied(logIndex(9))).toThrow('handed out');
    expect(() => leader.propose([])).toThrow('holds a command');
  });
});
