import { describe, expect, it } from '@jest/globals';
import { logIndex, nodeName, term } from '@metad/foundation';
import { Proposal } from './proposal-row.js';
import { Proposals } from './proposals.js';

const n2 = nodeName('n2');
const entry = (index: number, at: number) => ({
  ...{ index: logIndex(index), term: term(at), kind: 'command' as const },
  ...{ data: new Uint8Array(0), change: null },
});

function table(nodeMax = 100, partitionMax = 100) {
  const admission = { inFlight: 0, inFlightMax: nodeMax };
  const proposals = new Proposals(admission, partitionMax);
  const said: string[] = [];
  const propose = (name: string, deadline = 1_000): boolean => {
    const observer = {
      applied: (result: unknown, index: number) =>
        said.push(`${name} applied ${String(result)} @${index}`),
      dropped: (reason: string, leader: string | null) =>
        said.push(`${name} dropped ${reason} ${leader}`),
      unknown: () => said.push(`${name} unknown`),
    };
    return proposals.admit(new Proposal(Buffer.from(name), observer, `for ${name}`, deadline));
  };
  return { admission, proposals, propose, said };
}

describe('proposals', () => {
  it('tell the proposer of the very entry, and hand its attachment to apply', () => {
    const { proposals, propose, said, admission } = table();
    propose('a');
    propose('b');
    proposals.accepted(2, logIndex(5), term(1));
    expect(proposals.attachmentOf(entry(6, 1))).toBe('for b');
    expect(proposals.attachmentOf(entry(6, 2))).toBeUndefined();
    proposals.applied(entry(5, 1), 'ok', n2);
    expect(said).toEqual(['a applied ok @5']);
    expect([proposals.inFlight, admission.inFlight]).toEqual([1, 1]);
  });

  it('say replaced when an entry of another term is applied at their index', () => {
    const { proposals, propose, said, admission } = table();
    propose('a');
    proposals.accepted(1, logIndex(5), term(1));
    proposals.applied(entry(5, 2), null, n2);
    expect(said).toEqual(['a dropped replaced n2']);
    expect(admission.inFlight).toBe(0);
  });

  it('follow two proposals at one index to the end of both', () => {
    const { proposals, propose, said, admission } = table();
    propose('old');
    proposals.accepted(1, logIndex(5), term(1));
    propose('new');
    proposals.accepted(1, logIndex(5), term(3));
    expect(proposals.inFlight).toBe(2);
    proposals.applied(entry(5, 1), 'ok', n2);
    expect(said).toEqual(['new dropped replaced n2', 'old applied ok @5']);
    expect([proposals.inFlight, admission.inFlight]).toEqual([0, 0]);
  });

  it('are refused beyond the limit of the partition and of the node', () => {
    const narrow = table(100, 2);
    expect(['a', 'b', 'c'].map((name) => narrow.propose(name))).toEqual([true, true, false]);
    const busy = table(1, 100);
    expect(['a', 'b'].map((name) => busy.propose(name))).toEqual([true, false]);
  });

  it('are dropped for certain while queued, and unknown once in the log', () => {
    const { proposals, propose, said, admission } = table();
    propose('logged');
    proposals.accepted(1, logIndex(5), term(1));
    propose('queued');
    proposals.dropQueued('notLeader', n2);
    expect(said).toEqual(['queued dropped notLeader n2']);
    proposals.stop('end');
    expect(said).toEqual(['queued dropped notLeader n2', 'logged unknown']);
    expect([proposals.inFlight, admission.inFlight]).toEqual([0, 0]);
  });

  it('end at their deadline', () => {
    const { proposals, propose, said } = table();
    propose('early', 10);
    propose('late', 20);
    proposals.accepted(2, logIndex(5), term(1));
    propose('queued', 15);
    proposals.expire(15);
    expect(said).toEqual(['early unknown', 'queued dropped overloaded null']);
  });

  it('behind a snapshot are unknown', () => {
    const { proposals, propose, said } = table();
    propose('a');
    propose('b');
    proposals.accepted(2, logIndex(5), term(1));
    proposals.skippedTo(logIndex(5));
    expect(said).toEqual(['a unknown']);
    expect(proposals.inFlight).toBe(1);
  });

  it('are handed over in portions by count and bytes, at least one', () => {
    const { proposals, propose } = table();
    for (const name of ['aaaa', 'bbbb', 'cccc']) propose(name);
    expect(proposals.peek(2, 1_000)).toHaveLength(2);
    expect(proposals.peek(10, 8)).toHaveLength(2);
    expect(proposals.peek(10, 1)).toHaveLength(1);
  });
});
