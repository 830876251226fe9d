import { describe, expect, it } from '@jest/globals';
import { logIndex, partitionId } from '@metad/foundation';
import { AppliedLog, assigned, partitionsUpTo, placed } from '../../test/fixtures/applied-log.js';
import { allDefinitions } from '../../test/fixtures/read-model.js';
import { ReplayedLog } from '../../test/fixtures/replayed-log.js';
import { LiveEventSource } from '../dispatch/live-event-source.js';
import { ResourceAssigned } from '../kinds/resource/resource.events.js';
import { TenantPlaced } from '../kinds/tenant/tenant.events.js';
import { committedContext, SideEffects } from './side-effects.js';

const one = partitionId(1);

function effectsOver(heldBack: number, fails = false) {
  const log = new AppliedLog(partitionsUpTo(1));
  log.append(one, placed('acme', 'eu-1'));
  log.append(one, assigned('acme', 'db-1', 'node-1'));
  log.append(one, assigned('acme', 'db-1', 'node-2'));
  const source = new LiveEventSource(new ReplayedLog(log).ports());
  for (let at = 1; at <= 3 - heldBack; at += 1) source.applied(log.entryAt(one, logIndex(at)));
  const events: object[] = [];
  const troubles: string[] = [];
  const bus = {
    isHeard: () => true,
    publish: (event: object) => {
      events.push(event);
      if (fails) throw new Error('no');
    },
  };
  const effects = new SideEffects(bus, allDefinitions(), {
    source,
    partitions: () => log.partitions,
    onTrouble: (reason) => troubles.push(reason),
  });
  const entries = [1, 2, 3].map((at) => log.entryAt(one, logIndex(at)));
  return { effects, entries, events, troubles };
}

describe('side effects', () => {
  it('get instances of the event classes, and where they come from', () => {
    const { effects, entries, events } = effectsOver(0);
    effects.publish(entries);
    expect(events.map((event) => event.constructor)).toEqual([
      TenantPlaced,
      ResourceAssigned,
      ResourceAssigned,
    ]);
    expect(events[0]).toMatchObject({ type: 'TenantPlaced', data: { tenantId: 'acme' } });
    expect(committedContext(events[1]!)?.entry).toBe(entries[1]);
    expect(committedContext({})).toBeNull();
  });

  it('are told what happened before this process projected', () => {
    const { effects, entries, events } = effectsOver(1);
    effects.publish(entries);
    expect(events.map((event) => committedContext(event)?.isReplay)).toEqual([true, true, false]);
  });

  it('get every event once, however often a projection reads it', () => {
    const { effects, entries, events } = effectsOver(0);
    effects.publish(entries.slice(0, 2));
    effects.publish(entries);
    expect(events).toHaveLength(3);
  });

  it('may fail without harm', () => {
    const { effects, entries, troubles } = effectsOver(0, true);
    effects.publish(entries);
    expect(troubles).toHaveLength(3);
  });
});
