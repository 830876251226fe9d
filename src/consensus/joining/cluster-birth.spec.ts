import { describe, expect, it } from '@jest/globals';
import { MetadError } from '@metad/contract';
import { nodeName } from '@metad/foundation';
import type { Clock } from '@metad/foundation';
import type { Configuration } from '../../app/configuration.js';
import type { Logger } from '../../app/logger.js';
import { decodeEntry } from '../../decide/index.js';
import type { SystemCommand, SystemResult } from '../../decide/index.js';
import type { Consensus } from '../consensus.js';
import type { PartitionMachines } from '../partition-machines.js';
import { ClusterBirth } from './cluster-birth.js';

const refused = { accepted: false, rule: 'node-has-one-disk', message: 'another disk' } as const;

/** A node that leads partition 0, or does not, where the beginning is known already. */
function newBirth(isLeader: boolean, answer: SystemResult) {
  const proposed: SystemCommand[] = [];
  const logged: string[] = [];
  const waiting = new Set<() => void>();
  const note = (level: string) => () => void logged.push(level);
  const consensus = {
    serves: () => isLeader,
    leaderOf: () => nodeName('n2'),
    propose: async (_partition: number, data: Uint8Array) => {
      proposed.push(JSON.parse(decodeEntry(data, true).body) as SystemCommand);
      return answer;
    },
  };
  const clock = {
    now: () => 1_000,
    after: (_ms: number, callback: () => void) => {
      waiting.add(callback);
      return () => waiting.delete(callback);
    },
  };
  const birth = new ClusterBirth(
    { node: nodeName('n1') } as Configuration,
    consensus as unknown as Consensus,
    { system: { state: () => ({ identities: { n1: 'old' } }) } } as unknown as PartitionMachines,
    async () => {
      if (answer.accepted) return;
      throw new MetadError('RULE_VIOLATED', answer.message, { rule: answer.rule });
    },
    clock as unknown as Clock,
    { debug: note('debug'), info: note('info'), error: note('error') } as unknown as Logger,
  );
  /** Lets the next round run to its end; returns whether there was one. */
  const round = async (): Promise<boolean> => {
    const [next] = waiting;
    if (next === undefined) return false;
    waiting.delete(next);
    next();
    await new Promise((resolve) => setImmediate(resolve));
    return true;
  };
  return { birth, proposed, logged, round };
}

describe('the registration of a disk', () => {
  it('is proposed until it is known', async () => {
    const { birth, proposed, round } = newBirth(true, { accepted: true, changed: true });
    birth.start('new');
    expect([await round(), await round()]).toEqual([true, true]);
    expect(proposed).toEqual(
      Array.from({ length: 2 }, () => ({ type: 'RegisterNode', node: 'n1', identity: 'new' })),
    );
  });

  it.each([true, false])('is asked for once when it is refused (leads: %s)', async (isLeader) => {
    const { birth, proposed, logged, round } = newBirth(isLeader, refused);
    birth.start('new');
    expect([await round(), await round()]).toEqual([true, false]);
    expect(proposed).toHaveLength(isLeader ? 1 : 0);
    expect(logged).toEqual(['error']);
  });

  it('is refused in words to a peer that asks', async () => {
    const { birth } = newBirth(true, refused);
    await expect(birth.admit(nodeName('n3'), 'new')).rejects.toMatchObject({
      ...{ code: 'RULE_VIOLATED', details: { rule: 'node-has-one-disk' } },
    });
  });
});
