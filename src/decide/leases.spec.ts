import { describe, expect, it } from '@jest/globals';
import { logTime } from '@metad/foundation';
import { KINDS } from '../kinds/index.js';
import { encodeExpiry } from './command-codec.js';
import { LogClock } from './log-clock.js';
import { MachineLog } from './testing/machine-log.js';
import { errorOf, replyOf } from './testing/reply-of.js';

const db1 = { tenantId: 'acme', resourceId: 'db-1' };
const api1 = { service: 'api', instanceId: 'i-1' };
const address = { address: '10.0.0.1', port: 80 };

function claimedLog(ttlMs = 5_000) {
  const log = new MachineLog(KINDS);
  log.send('AssignResource', { ...db1, node: 'n1' });
  const claim = (owner: string) => log.send('ClaimOwnership', { ...db1, owner, ttlMs });
  const record = () => log.machine.lookup('resource', 'prod', 'acme/db-1');
  const wait = (ms: number) => (log.now += ms);
  return { log, claim, record, wait };
}

describe('a time to live', () => {
  it('ends by an entry, once it is over and not before', () => {
    const { log, claim, record, wait } = claimedLog();
    claim('a');
    wait(4_999);
    expect(log.expire()).toBe(0);
    expect(record()?.value['owner']).toBe('a');
    wait(1);
    expect(log.expire()).toBe(1);
    expect(record()?.value['owner']).toBeUndefined();
    expect(record()).toMatchObject({ version: 3, fence: null, expiresAt: null });
    expect(log.applied.at(-1)?.changes).toMatchObject([{ type: 'OwnershipExpired' }]);
  });

  it('counts from the last renewal, which is no change', () => {
    const { log, claim, record, wait } = claimedLog();
    const first = replyOf(claim('a'));
    wait(4_000);
    const renewal = replyOf(claim('a'));
    expect(renewal).toMatchObject({ outcome: 'applied', version: first.version, events: [] });
    expect(renewal.fence).toBe(first.fence);
    expect(log.applied.at(-1)?.changes).toEqual([]);
    wait(4_000);
    expect(log.expire()).toBe(0);
    wait(1_000);
    expect(log.expire()).toBe(1);
    expect(record()?.value['owner']).toBeUndefined();
  });

  it('runs on when something else about the record changes', () => {
    const { log, claim, wait } = claimedLog();
    claim('a');
    wait(3_000);
    log.send('AssignResource', { ...db1, node: 'n2' });
    wait(1_999);
    expect(log.expire()).toBe(0);
    wait(1);
    expect(log.expire()).toBe(1);
  });

  it('may become shorter', () => {
    const { log, wait } = claimedLog();
    log.send('ClaimOwnership', { ...db1, owner: 'a', ttlMs: 3_600_000 });
    log.send('ClaimOwnership', { ...db1, owner: 'a', ttlMs: 1_000 });
    wait(1_001);
    expect(log.expire()).toBe(1);
  });

  it('lets another claim as soon as it is over, also before the entry that says so', () => {
    const { log, claim, wait } = claimedLog();
    const first = replyOf(claim('a'));
    expect(errorOf(claim('b'))).toMatchObject({ code: 'ALREADY_OWNED', details: { owner: 'a' } });
    wait(5_000);
    const second = replyOf(claim('b'));
    expect(second.fence).toBeGreaterThan(first.fence as number);
    expect(log.expire()).toBe(0);
  });

  it('is full again under a new leader, whose clock may be anywhere', () => {
    const { log, claim, record, wait } = claimedLog();
    claim('a');
    wait(4_999);
    log.elect();
    log.now += 3_600_000; // An hour ahead of the old leader's clock.
    log.expire(); // Its first entry begins to measure.
    expect(record()?.value['owner']).toBe('a');
    expect(record()?.expiresAt).toBe(log.now + 5_000);
    wait(4_999);
    expect(log.expire()).toBe(0);
    wait(1);
    expect(log.expire()).toBe(1);
  });

  it('is not ended by what an older leader saw', () => {
    const { log, claim, record, wait } = claimedLog();
    claim('a');
    wait(5_000);
    const payload = { term: log.term, records: [expiring(record())] };
    log.elect();
    log.commit(encodeExpiry({ time: logTime(log.now), level: 1 }, payload));
    expect(record()?.value['owner']).toBe('a');
  });

  it('is not ended when the record has changed since the leader looked', () => {
    const { log, claim, record, wait } = claimedLog();
    claim('a');
    wait(5_000);
    const seen = expiring(record());
    log.send('AssignResource', { ...db1, node: 'n2' });
    const payload = { term: log.term, records: [seen] };
    log.commit(encodeExpiry({ time: logTime(log.now), level: 1 }, payload));
    expect(record()?.value['owner']).toBe('a');
    wait(1);
    expect(log.expire()).toBe(1);
  });

  it('survives an image', async () => {
    const { log, claim, wait } = claimedLog();
    claim('a');
    wait(2_000);
    claim('a');
    const copy = await log.restored();
    expect(copy.lookup('resource', 'prod', 'acme/db-1')).toEqual(
      log.machine.lookup('resource', 'prod', 'acme/db-1'),
    );
    wait(5_000);
    const now = logTime(log.now);
    expect(copy.takeDueExpiries(log.term, now, 10)).toEqual(
      log.machine.takeDueExpiries(log.term, now, 10),
    );
  });

  it('is proposed again only after a while, unless an entry ended it', () => {
    const { log, claim, wait } = claimedLog();
    claim('a');
    wait(5_000);
    const due = (at: number) =>
      log.machine.takeDueExpiries(log.term, logTime(log.now + at), 10, 1_000).length;
    expect([due(0), due(999), due(1_000)]).toEqual([1, 0, 1]);
  });
});

describe('RenewInstances', () => {
  const registered = () => {
    const log = new MachineLog(KINDS);
    for (const instanceId of ['i-1', 'i-2', 'i-3']) {
      log.send('RegisterInstance', { ...api1, instanceId, ...address, ttlMs: 1_000 });
    }
    return log;
  };
  const renewal = { service: 'api', instanceIds: ['i-1', 'gone', 'i-3'] };

  it('keeps the known alive and reports the unknown', () => {
    const log = registered();
    log.now += 900;
    expect(replyOf(log.send('RenewInstances', renewal))).toMatchObject({
      outcome: 'applied',
      events: [{ type: 'InstancesRenewed', data: { renewed: 2, unknown: ['gone'] } }],
      record: null,
    });
    log.now += 900;
    expect(log.expire()).toBe(1);
    const left = [...log.machine.records.records('instance')].map(({ key }) => key);
    expect(left.sort()).toEqual(['api/i-1', 'api/i-3']);
  });

  it('is a noop when it knows none', () => {
    const log = registered();
    const unknown = { service: 'api', instanceIds: ['gone'] };
    expect(replyOf(log.send('RenewInstances', unknown)).outcome).toBe('noop');
  });

  it('may share one entry with others, each with its own outcome', () => {
    const log = registered();
    const one = { commandId: log.freshId(), data: renewal };
    const other = { commandId: log.freshId(), data: { ...renewal, instanceIds: ['i-2'] } };
    const results = log.renew('RenewInstances', [one, other, one]).map(replyOf);
    expect(results.map(({ outcome }) => outcome)).toEqual(['applied', 'applied', 'duplicate']);
    log.now += 999;
    expect(log.expire()).toBe(0);
    expect(log.applied.flatMap(({ changes }) => changes)).toHaveLength(3);
  });
});

describe('a fence', () => {
  it('rises with every grant of one record and never otherwise', () => {
    const { log, claim } = claimedLog();
    const fences = [replyOf(claim('a')).fence];
    fences.push(replyOf(log.send('TransferOwnership', { ...db1, from: 'a', to: 'b' })).fence);
    log.send('AssignResource', { ...db1, node: 'n2' });
    log.send('ReleaseOwnership', { ...db1, owner: 'b' });
    fences.push(replyOf(claim('c')).fence);
    log.send('ReleaseOwnership', { ...db1, owner: 'c' });
    log.send('ReleaseResource', db1);
    log.send('AssignResource', { ...db1, node: 'n3' });
    fences.push(replyOf(claim('a')).fence);
    const rising = fences.map(Number);
    expect([...rising].sort((x, y) => x - y)).toEqual(rising);
    expect(new Set(rising).size).toBe(4);
  });
});

describe('the log clock', () => {
  it('follows a monotonic clock from the later of wall clock and last log time', () => {
    expect(new LogClock(5_000, 100, 900).stamp(350)).toBe(5_250);
    expect(new LogClock(5_000, 100, 9_000).stamp(350)).toBe(9_251);
  });
});

function expiring(
  record: { kind: string; namespace: string; key: string; version: number } | null,
) {
  if (record === null) throw new Error('there is a record');
  const { kind, namespace, key, version } = record;
  return { kind, namespace, key, version };
}
