import { describe, expect, it } from '@jest/globals';
import { logIndex, nodeName, seededRandom, term } from '@metad/foundation';
import { ReplicaGroup, confOf, perform, replicaOptions } from '../testing/replica-group.js';
import { MemoryLog } from '../testing/memory-log.js';
import { createReplica } from './index.js';

const names = ['n1', 'n2', 'n3'].map(nodeName);
const bytes = (value: number): Uint8Array => new Uint8Array([value % 256]);

describe('a group of three replicas', () => {
  it('elects a leader, replicates a batch, and every replica applies it once', () => {
    const group = new ReplicaGroup(names);
    group.tick(25);
    const leader = group.leader();
    const datas = Array.from({ length: 100 }, (_, at) => bytes(at));
    expect(leader.propose(datas)).toMatchObject({ accepted: true, index: 2 });
    group.settle();
    for (const { applied } of group.members.values()) {
      expect(applied.map((entry) => entry.index)).toEqual(
        Array.from({ length: 101 }, (_, at) => at + 1),
      );
    }
    expect(leader.canQuiesce()).toBe(true);
  });

  it('sends one append per peer for everything proposed between two Readys', () => {
    const group = new ReplicaGroup(names);
    group.tick(25);
    const leader = group.leader();
    for (let at = 0; at < 10; at += 1) leader.propose([bytes(at)]);
    const appends = leader.takeReady().messages.filter(({ kind }) => kind === 'append');
    expect(appends.map((append) => append.kind === 'append' && append.entries.length)).toEqual([
      10, 10,
    ]);
  });

  it('survives the loss of one message in three', () => {
    const random = seededRandom(7);
    const group = new ReplicaGroup(names, () => random.fraction() < 0.33);
    for (let at = 0; at < 300; at += 1) {
      group.tick(1);
      for (const { replica } of group.members.values()) {
        if (replica.status().role === 'leader') replica.propose([bytes(at)]);
      }
    }
    const lists = [...group.members.values()]
      .map(({ applied }) => applied)
      .sort((a, b) => b.length - a.length);
    expect(lists[2]?.length).toBeGreaterThan(100);
    for (const list of lists) expect(list).toEqual(lists[0]?.slice(0, list.length));
  });

  it('answers a read once a quorum has confirmed its leader', () => {
    const group = new ReplicaGroup(names);
    group.tick(25);
    const leader = group.leader();
    leader.readIndex(42);
    const ready = leader.takeReady();
    expect(ready.readStates).toEqual([]);
    expect(ready.messages.map(({ kind }) => kind)).toEqual(['heartbeat', 'heartbeat']);
    const follower = group.members.get(ready.messages[0]?.to ?? nodeName('?'));
    follower?.replica.step(ready.messages[0] as never);
    const answers = follower === undefined ? [] : perform(follower, follower.replica.takeReady());
    for (const answer of answers) leader.step(answer);
    expect(leader.takeReady().readStates).toEqual([{ context: 42, index: 1 }]);
  });
});

describe('a group of one', () => {
  it('leads only after its own vote is durable', () => {
    const log = new MemoryLog(confOf(names.slice(0, 1)));
    const replica = createReplica(replicaOptions(nodeName('n1'), log));
    replica.campaign();
    expect(replica.status()).toMatchObject({ role: 'candidate', term: 1 });
    const ready = replica.takeReady();
    expect(ready).toMatchObject({ hardState: { term: 1, vote: 'n1' }, mustSync: true });
    replica.persisted(logIndex(0), term(0), logIndex(0));
    expect(replica.status()).toMatchObject({ role: 'leader', term: 1 });
  });
});
