import { describe, expect, it } from '@jest/globals';
import { accept, reject } from '@metad/eventsourcing';
import type { DomainEvent, KindCommand, Value } from '@metad/eventsourcing';
import { z } from 'zod';
import { KindRegistry } from '../kinds/index.js';
import type { KindDefinition } from '../kinds/index.js';
import { MachineLog } from './testing/machine-log.js';

/** A kind whose rule became stricter with level 1: names are no longer than three characters. */
const STRICTER: KindDefinition = {
  kind: 'note',
  events: ['NoteTaken'],
  commands: [
    {
      name: 'TakeNote',
      kind: 'note',
      schema: z.strictObject({ id: z.string() }),
      routing: (namespace) => ({ key: `notes/${namespace}`, prefix: true }),
      recordKeys: (data) => [(data as { id: string }).id],
      grows: true,
    },
  ],
  decider: {
    decide(_state, command: KindCommand, { level }) {
      const data = command.data as { id: string };
      if (level >= 1 && data.id.length > 3)
        return reject('RULE_VIOLATED', 'note-short', 'too long');
      return accept({ type: 'NoteTaken', data });
    },
    evolve: (_value: Value | null, { data }: DomainEvent) => data,
  },
  idOf: (key) => key,
};

describe('a rule that a feature level changed', () => {
  it('decides each entry by the level that the entry was written at', () => {
    const log = new MachineLog(new KindRegistry([STRICTER]));
    log.send('TakeNote', { id: 'old-long' }, { level: 0 });
    log.send('TakeNote', { id: 'new-long' }, { level: 1 });
    log.send('TakeNote', { id: 'new' }, { level: 1 });
    expect(log.applied.map(({ rejected }) => rejected)).toEqual([null, 'RULE_VIOLATED', null]);
    expect(log.replay().digest()).toBe(log.machine.digest());
  });
});
