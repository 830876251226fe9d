import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { MachineLog } from '../../src/decide/testing/machine-log.js';
import { errorOf, replyOf } from '../../src/decide/testing/reply-of.js';
import { checkCommand, KindRegistry, KINDS } from '../../src/kinds/index.js';
import { MAINTENANCE_KIND } from './maintenance.kind.js';

const GUIDE = join(import.meta.dirname, '../../docs/guides/add-a-kind.md');
const BLOCK = /```ts\n\/\/ src\/kinds\/maintenance\/(\S+)\n([\s\S]*?)```/g;

/** The guide shows each file as it would stand under src/kinds. */
const asShown = (name: string): string =>
  readFileSync(join(import.meta.dirname, name), 'utf8').replaceAll('../../src/kinds/', '../');

describe('docs/guides/add-a-kind.md', () => {
  it('shows the code that is run here, word for word', () => {
    const shown = [...readFileSync(GUIDE, 'utf8').matchAll(BLOCK)];
    expect(shown.map(([, name]) => name)).toEqual([
      'maintenance.record.ts',
      'maintenance.commands.ts',
      'maintenance.events.ts',
      'maintenance.decider.ts',
      'maintenance.decider.spec.ts',
      'maintenance.kind.ts',
    ]);
    for (const [, name = '', code] of shown) expect(code).toBe(asShown(name));
  });
});

describe('a sixth kind', () => {
  const registry = new KindRegistry([...KINDS.kinds, MAINTENANCE_KIND]);
  const upgrade = { node: 'n1', reason: 'kernel upgrade', ttlMs: 60_000 };

  it('has everything that the others have, for one folder and one line', async () => {
    const log = new MachineLog(registry);
    const commandId = log.freshId();
    const begun = log.send('BeginMaintenance', upgrade, { commandId, expect: { absent: true } });
    expect(begun.outcome).toMatchObject({ accepted: true, version: 1 });
    const again = log.send('BeginMaintenance', upgrade, { commandId, expect: { absent: true } });
    expect(again).toEqual({ ...begun, duplicate: true });
    expect(
      errorOf(log.send('EndMaintenance', { node: 'n1' }, { expect: { version: 7 } })).code,
    ).toBe('VERSION_CONFLICT');
    const copy = await log.restored();
    expect(copy.digest('maintenance')).toBe(log.machine.digest('maintenance'));
    log.now += 60_000;
    expect(log.expire()).toBe(1);
    expect(log.machine.lookup('maintenance', 'prod', 'n1')).toBeNull();
    const batch = { commands: [{ command: 'BeginMaintenance', data: upgrade }] };
    expect(replyOf(log.send('Batch', batch)).events).toHaveLength(1);
  });

  it('is checked and routed at the door', () => {
    const data = { node: 'n1', reason: '', ttlMs: 1 };
    const check = (fields: Record<string, unknown>) =>
      checkCommand(registry, 'prod', 'BeginMaintenance', { data: fields }, () => 3);
    expect(check(upgrade)).toMatchObject({ partition: 3, grows: true });
    expect(() => check(data)).toThrow(/data.reason must not be empty; data.ttlMs/);
  });
});
