import { beforeEach, describe, expect, it } from '@jest/globals';
import { logIndex, nodeName, partitionId, term } from '@metad/foundation';
import type { LogIndex, NodeName } from '@metad/foundation';
import type { ConfState, Entry, HardState, LogPosition } from '../../core/index.js';
import { LogFailure } from '../../storage/log-port.js';
import { MemoryLogContent, MemoryNodeLog } from '../../storage/memory/memory-node-log.js';
import { encodeInquiryAnswer } from '../frame/inquiry-frame.js';
import { FRAME_KIND } from '../frame/round-frame.js';
import { decodeTailInquiry, encodeTail } from '../frame/tail-frame.js';
import type { RaftNodeOptions } from '../node-options.js';
import { tailOf } from './log-tail.js';
import type { Partition } from './partition.js';
import { Refill } from './refill.js';

const p1 = partitionId(1);
const [n1, n2, n3] = ['n1', 'n2', 'n3'].map(nodeName) as [NodeName, NodeName, NodeName];
const conf = (voters: NodeName[], learners: NodeName[] = []): ConfState => {
  return { voters, learners, votersOutgoing: [], learnersNext: [], autoLeave: false };
};
const all = conf([n1, n2, n3]);
const base = { index: logIndex(0), term: term(0), conf: all };

const contents = new WeakMap<MemoryNodeLog, MemoryLogContent>();
const hardStateOf = (log: MemoryNodeLog): HardState | undefined =>
  contents.get(log)?.partitions.get(p1)?.hardState;

async function logOf(last: number, lastTerm = 1): Promise<MemoryNodeLog> {
  const content = new MemoryLogContent();
  const log = new MemoryNodeLog(content);
  contents.set(log, content);
  log.create(p1, base);
  const entries = Array.from({ length: last }, (_, at): Entry => {
    const data = Buffer.from(`${at + 1}`);
    const of = term(at + 1 === last ? lastTerm : 1);
    return { index: logIndex(at + 1), term: of, kind: 'command', change: null, data };
  });
  await log.append([{ partition: p1, hardState: null, snapshot: null, entries }], true);
  return log;
}

// The replica on n1 is damaged; n2 and n3 answer it, each by a log and what it knows of members.
describe('a refill', () => {
  let own: MemoryNodeLog;
  let partition: Partition;
  let options: RaftNodeOptions;
  let refill: Refill;
  let leader: NodeName | null;
  let peers: Map<NodeName, { log: MemoryNodeLog; conf: ConfState }>;
  let tailsAsked: LogIndex[];
  let restarts: { term: number; floor: LogPosition }[];
  let failures: unknown[];
  let logFailures: unknown[];
  let commit: LogIndex;
  let healed: HardState | null;

  const endOf = (log: MemoryNodeLog): LogPosition => {
    return { index: log.partition(p1).lastIndex(), term: log.lastTerm(p1) };
  };
  const reply = (to: NodeName, frame: Uint8Array): Uint8Array => {
    const { log, conf: known } = peers.get(to) as { log: MemoryNodeLog; conf: ConfState };
    if (frame[0] === FRAME_KIND.inquiry) {
      const answer = { term: term(4), conf: known, last: endOf(log), damage: null };
      return encodeInquiryAnswer(answer);
    }
    const { from } = decodeTailInquiry(frame);
    tailsAsked.push(from);
    return encodeTail(tailOf(log.partition(p1), from, 40)); // A few entries at a time.
  };
  const step = async (times = 1): Promise<void> => {
    for (let left = times; left > 0; left -= 1) {
      refill.step();
      for (let turns = 0; turns < 50; turns += 1) await Promise.resolve();
    }
  };

  beforeEach(async () => {
    own = await logOf(2);
    [leader, tailsAsked, restarts, failures, logFailures] = [null, [], [], [], []];
    [commit, healed] = [logIndex(1), null];
    peers = new Map([
      [n2, { log: await logOf(5), conf: all }],
      [n3, { log: await logOf(4), conf: all }],
    ]);
    let at = term(3);
    partition = {
      id: p1,
      stored: own.partition(p1),
      state: 'corrupt',
      openBatch: null,
      applying: { isEmpty: true },
      snapshotting: false,
      appliedIndex: logIndex(1),
      replica: {
        status: () => {
          const { index, term: lastTerm } = endOf(own);
          const ends = { lastIndex: index, lastTerm };
          return { term: at, confInForce: all, leader, vote: null, commit, ...ends };
        },
        restrain: () => undefined,
      },
    } as unknown as Partition;
    options = {
      self: n1,
      log: own,
      transport: {
        request: (
          to: NodeName,
          frame: Uint8Array,
          _timeoutMs: number,
          done: (failure: null, reply: Uint8Array) => void,
        ) => done(null, reply(to, frame)),
      },
    } as unknown as RaftNodeOptions;
    refill = new Refill(partition, 'suspect', options, {
      restart: (from, floor) => {
        at = from.term;
        restarts.push({ term: from.term, floor });
      },
      onHealed: () => (healed = hardStateOf(own) ?? null),
      onLogFailed: (error) => logFailures.push(error),
      onFailed: (error) => failures.push(error),
    });
  });

  it('waits for a leader to bring what one that may be elected has', async () => {
    await step();
    expect(restarts).toEqual([{ term: 6, floor: { index: 5, term: 1 } }]);
    await step(100);
    expect(tailsAsked).toEqual([]);
    expect(endOf(own).index).toBe(2);
  });

  it('begins in a term that is durable, two above all others', async () => {
    await step();
    expect(hardStateOf(own)).toEqual({ term: 6, vote: null, commit: 1 });
  });

  it('is whole with no more committed than its log was given', async () => {
    await step();
    const { log } = peers.get(n2) as { log: MemoryNodeLog };
    const entries = log.partition(p1).entries(logIndex(3), logIndex(6), 1_000) ?? [];
    await own.append([{ partition: p1, hardState: null, snapshot: null, entries }], true);
    commit = logIndex(8);
    await step();
    expect(healed?.commit).toBe(5);
  });

  it('goes on from what it knows to be committed, applied or not', async () => {
    own = await logOf(5);
    Object.assign(partition, { stored: own.partition(p1), appliedIndex: logIndex(0) });
    Object.assign(options, { log: own });
    commit = logIndex(4);
    const log = await logOf(9);
    log.compact(p1, { ...base, index: logIndex(3), term: term(1) }, logIndex(3));
    peers.set(n2, { log, conf: conf([n1, n3], [n2]) });
    await step();
    expect(tailsAsked[0]).toBe(5);
    expect(hardStateOf(own)?.commit).toBe(4);
    expect(endOf(own).index).toBe(9);
  });

  it('goes on from what it has applied, where its commit index is of another log', async () => {
    own = await logOf(5, 2);
    Object.assign(partition, { stored: own.partition(p1) });
    Object.assign(options, { log: own });
    commit = logIndex(5);
    peers.set(n2, { log: await logOf(9, 3), conf: conf([n1, n3], [n2]) });
    await step();
    expect([tailsAsked[0], tailsAsked[1]]).toEqual([6, 2]);
    expect(endOf(own)).toEqual({ index: 9, term: 3 });
  });

  it('begins nothing in a partition that has been stopped meanwhile', async () => {
    const { append } = own;
    own.append = (...writes) => {
      partition.state = 'stopped';
      return append.apply(own, writes);
    };
    await step();
    expect(restarts).toEqual([]);
  });

  it('takes over what only a learner has, from what it has applied on', async () => {
    peers.set(n2, { log: await logOf(9), conf: conf([n1, n3], [n2]) });
    await step();
    expect(tailsAsked[0]).toBe(2);
    expect(endOf(own).index).toBe(9);
    expect(restarts).toEqual([{ term: 6, floor: { index: 9, term: 1 } }]);
    await step(2);
    expect(own.damageOf(p1)).toBeNull();
    expect(failures).toEqual([]);
  });

  it('would rather have a voter for the one with the most complete log', async () => {
    peers.set(n2, { log: await logOf(4), conf: conf([n1, n3], [n2]) });
    await step();
    expect(restarts).toEqual([{ term: 6, floor: { index: 4, term: 1 } }]);
    expect(tailsAsked).toEqual([]);
  });

  it('ends its part before it takes over a log, and only while nobody leads', async () => {
    await step();
    peers.set(n2, { log: await logOf(9), conf: conf([n1, n3], [n2]) });
    leader = n3;
    await step(20);
    expect(refill.isFilling).toBe(true);
    leader = null;
    partition.openBatch = {} as Partition['openBatch'];
    await step(20);
    expect(refill.isFilling).toBe(true); // A write of its core is still under way.
    partition.openBatch = null;
    partition.state = 'installing';
    await step(20);
    expect(refill.isFilling).toBe(true);
    partition.state = 'corrupt';
    await step(20);
    expect(refill.isFilling).toBe(false);
    expect(tailsAsked).toEqual([]);
    await step();
    expect(endOf(own).index).toBe(9);
    expect(restarts.at(-1)).toEqual({ term: 8, floor: { index: 9, term: 1 } });
  });

  it('leaves its log as it is when the other one does not go on from it', async () => {
    const log = await logOf(9);
    const compacted = { ...base, index: logIndex(6), term: term(1) };
    log.compact(p1, compacted, logIndex(6));
    peers.set(n2, { log, conf: conf([n1, n3], [n2]) });
    await step();
    expect(endOf(own).index).toBe(2);
    expect(restarts).toHaveLength(1);
  });

  it('takes no entry of a term above all that it was told of', async () => {
    peers.set(n2, { log: await logOf(9, 8), conf: conf([n1, n3], [n2]) });
    await step();
    expect(tailsAsked.length).toBeGreaterThan(0);
    expect(endOf(own).index).toBe(2);
    expect(restarts).toHaveLength(1);
  });

  it('passes a failure of the log on', async () => {
    peers.set(n2, { log: await logOf(9), conf: conf([n1, n3], [n2]) });
    own.append = () => Promise.reject(new LogFailure('no space left on device'));
    await step();
    expect(logFailures).toEqual([new LogFailure('no space left on device')]);
    expect([failures, restarts]).toEqual([[], []]);
  });
});
