import { describe, expect, it } from '@jest/globals';
import { MetadError } from '@metad/contract';
import type { AppliedEntry } from '@metad/eventsourcing';
import { logIndex, logTime, partitionId, term } from '@metad/foundation';
import type { RefusedCommand } from '../../command/refused-commands.js';
import { RefusedCommands } from '../../command/refused-commands.js';
import { EntryRing } from '../../dispatch/entry-ring.js';
import { KINDS } from '../../kinds/index.js';
import { isOfInterest, recentCommands } from './recent-commands.js';

const change = { type: 'ResourceAssigned', kind: 'resource', namespace: 'prod', key: 'acme/db-1' };
const entry = (partition: number, index: number, rest: Partial<AppliedEntry> = {}) => ({
  ...{ partition: partitionId(partition), index: logIndex(index), term: term(1) },
  ...{ time: logTime(index), commandId: 'c', command: 'AssignResource', actor: 'me' },
  ...{ reason: null, changes: [{ ...change, data: {}, before: null, after: null }] },
  rejected: null,
  ...rest,
});
const refusal = (details: object, at = 50): RefusedCommand => ({
  ...{ at, namespace: 'prod', command: 'AssignResource' },
  error: new MetadError('VERSION_CONFLICT', 'it is 8', { ...details }),
});

describe('recent commands', () => {
  it('are what was applied and what was refused, newest first', () => {
    const facts = recentCommands([entry(1, 2), entry(1, 1, { changes: [] })], [refusal({})], KINDS);
    expect(facts.map(({ outcome, at }) => [outcome, at])).toEqual([
      ['refused', 50],
      ['applied', 2],
      ['unchanged', 1],
    ]);
    expect(facts[1]).toMatchObject({ record: { kind: 'resource', id: 'acme/db-1' }, actor: 'me' });
  });

  it('join a refusal at apply with its entry', () => {
    const rejected = entry(1, 9, { changes: [], rejected: 'VERSION_CONFLICT' });
    const record = { kind: 'db', id: 'db-1' };
    const facts = recentCommands(
      [rejected],
      [refusal({ position: 'm1.abcdef.1.9', record })],
      KINDS,
    );
    expect(facts).toHaveLength(1);
    expect(facts[0]).toMatchObject({
      ...{ key: '1/9', message: 'it is 8', actor: 'me' },
      record: { kind: 'resource', id: 'db-1' },
    });
  });
});

describe('the ring of applied entries', () => {
  it('gives the newest of all partitions in the order they came, without no-ops', () => {
    const ring = new EntryRing({ entriesMax: 4, bytesMax: 1_000, entriesMin: 4 });
    const noop = { command: null, changes: [] };
    for (const each of [entry(1, 1), entry(2, 1), entry(1, 2, noop), entry(2, 2), entry(1, 3)]) {
      ring.push(each, 1);
    }
    const newest = (count: number) =>
      ring.newest(count, isOfInterest).map(({ partition, index }) => `${partition}/${index}`);
    expect(newest(10)).toEqual(['1/3', '2/2', '2/1']);
    expect(newest(2)).toEqual(['1/3', '2/2']);
  });
});

describe('refused commands', () => {
  it('are kept up to a limit, newest first', () => {
    const refused = new RefusedCommands();
    for (let at = 1; at <= 300; at += 1) refused.add(refusal({}, at));
    const kept = refused.newest();
    expect([kept.length, kept[0]?.at, kept.at(-1)?.at]).toEqual([256, 300, 45]);
  });
});
