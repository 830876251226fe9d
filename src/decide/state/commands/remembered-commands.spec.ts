import { describe, expect, it } from '@jest/globals';
import { logIndex, logTime } from '@metad/foundation';
import fc from 'fast-check';
import { DEFAULT_SETTINGS, type MachineSettings } from '../../machine-settings.js';
import type { Outcome } from '../../outcome.js';
import { timeOfCommandId } from './command-id.js';
import {
  RememberedCommands,
  type RememberedCommand,
  type RememberedImage,
} from './remembered-commands.js';

const idOf = (n: number): string => {
  // Many share three of four words, and small numbers differ in one bit: what probing must endure.
  const text = n.toString(16).padStart(12, '0');
  return `0199d3a0-0000-7000-8000-${text}`;
};

const outcomeAt = (n: number, time: number): Outcome =>
  n % 3 === 0
    ? {
        ...{ accepted: false, index: logIndex(n), time: logTime(time), record: null },
        rejection: { code: 'RULE_VIOLATED', rule: `rule-${n % 5}`, message: `no ${n}` },
      }
    : {
        ...{ accepted: true, changed: n % 2 === 0, version: n, index: logIndex(n), record: null },
        ...{ fence: n % 4 === 0 ? logIndex(n) : null, time: logTime(time) },
        events: [{ type: 'Happened', data: { n } }],
      };

const commandAt = (n: number, time: number): RememberedCommand => ({
  ...{ commandId: idOf(n), high: n | 0, low: ~n, bytes: 100 + n },
  outcome: outcomeAt(n, time),
});

const settingsOf = (some: Partial<MachineSettings>): MachineSettings => ({
  ...DEFAULT_SETTINGS,
  ...some,
});

/** What the table promises, said as plainly as possible. */
class Model {
  readonly commands: { command: RememberedCommand; full: boolean }[] = [];
  horizon = 0;

  forget(now: number, settings: MachineSettings): void {
    const { commands } = this;
    for (;;) {
      const oldest = commands[0]?.command;
      if (oldest === undefined) break;
      const isOld = oldest.outcome.time + settings.deduplicationWindowMs <= now;
      if (!isOld && commands.length <= settings.commandsRememberedMax) break;
      this.horizon = oldest.outcome.time;
      commands.shift();
    }
    for (;;) {
      const full = commands.filter((each) => each.full);
      const bytes = full.reduce((sum, { command }) => sum + command.bytes, 0);
      if (full.length <= settings.outcomesInFullMax && bytes <= settings.outcomeBytesMax) break;
      (full[0] as { full: boolean }).full = false;
    }
  }
}

function sameAs(model: Model, table: RememberedCommands, ids: number): void {
  expect(table.size).toBe(model.commands.length);
  expect(table.horizon).toBe(model.horizon);
  for (let n = 0; n < ids; n += 1) {
    const wanted = model.commands.find(({ command }) => command.commandId === idOf(n));
    const found = table.find(idOf(n));
    if (wanted === undefined) {
      expect(found).toBeNull();
      continue;
    }
    const { command, full } = wanted;
    if (full) expect(found).toEqual(command);
    else expect(found).toMatchObject({ ...briefOf(command), bytes: 0 });
  }
}

function briefOf({ commandId, high, low, outcome }: RememberedCommand): object {
  const { index, time, record } = outcome;
  if (outcome.accepted) {
    return { commandId, high, low, outcome: { ...outcome, events: [], record } };
  }
  const { code, rule } = outcome.rejection;
  return {
    commandId,
    high,
    low,
    outcome: { accepted: false, index, time, rejection: { code, rule } },
  };
}

describe('remembered commands', () => {
  it('are what a plain list under the same limits holds, also after an image', () => {
    const step = fc.record({ advance: fc.nat(40), count: fc.nat(12), image: fc.boolean() });
    const far = fc.array(fc.boolean(), { minLength: 1, maxLength: 9 });
    const limits = fc.record({
      deduplicationWindowMs: fc.integer({ min: 50, max: 400 }),
      commandsRememberedMax: fc.integer({ min: 1, max: 60 }),
      outcomesInFullMax: fc.nat(30),
      outcomeBytesMax: fc.nat(4_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), limits, far, fc.integer(), (...drawn) => {
        const [steps, some, farBehind, seed] = drawn;
        const settings = settingsOf(some);
        const model = new Model();
        let table = new RememberedCommands(seed);
        let now = 1;
        let n = 0;
        for (const [at, { advance, count, image }] of steps.entries()) {
          table.isFarBehind = farBehind[at % farBehind.length] as boolean;
          now += advance;
          for (let added = 0; added < count; added += 1, n += 1) {
            table.add(commandAt(n, now));
            model.commands.push({ command: commandAt(n, now), full: true });
          }
          table.forget(logTime(now), settings);
          model.forget(now, settings);
          if (image) table = copyOf(table, seed + 1);
        }
        sameAs(model, table, n);
      }),
      { numRuns: 60 },
    );
  });

  it('make no texts while far behind, and then a few with every command', () => {
    const table = new RememberedCommands(7);
    const settings = settingsOf({ outcomesInFullMax: 100 });
    const add = (n: number): void => {
      table.add(commandAt(n, n + 1));
      table.forget(logTime(n + 1), settings);
    };
    let n = 0;
    for (table.isFarBehind = true; n < 5_000; n += 1) add(n);
    expect(table.textsWaiting).toBe(100);
    expect(table.find(idOf(4_999))).toEqual(commandAt(4_999, 5_000));
    table.isFarBehind = false;
    for (; n < 5_010; n += 1) add(n);
    expect(table.textsWaiting).toBe(70);
    for (; n < 5_040; n += 1) add(n);
    expect(table.textsWaiting).toBe(0);
    for (let back = 1; back <= 100; back += 1) {
      expect(table.find(idOf(n - back))).toEqual(commandAt(n - back, n - back + 1));
    }
  });

  it('are all found while their table grows and goes round, whatever a held image keeps', () => {
    const table = new RememberedCommands(3);
    const settings = settingsOf({ commandsRememberedMax: 3_000, outcomesInFullMax: 300 });
    const held: { image: RememberedImage; from: number; count: number }[] = [];
    for (let n = 0; n < 12_000; n += 1) {
      table.add(commandAt(n, n + 1));
      table.forget(logTime(n + 1), settings);
      if (n % 1_700 === 1_699) held.push({ image: table.image(), from: n + 1, count: table.size });
    }
    expect(table.size).toBe(3_000);
    for (let n = 8_990; n < 12_000; n += 1) {
      const found = table.find(idOf(n));
      if (n < 9_000) expect(found).toBeNull();
      else expect(found?.outcome.index).toBe(n);
    }
    for (const { image, from, count } of held) {
      const copy = new RememberedCommands(5);
      restore(copy, image);
      image.release();
      expect(copy.size).toBe(count);
      for (let n = from - count; n < from; n += 97) {
        expect(copy.find(idOf(n))).toMatchObject({ commandId: idOf(n), high: n | 0 });
      }
      expect(copy.find(idOf(from - 1))).toEqual(commandAt(from - 1, from));
    }
  });

  it('are found whatever the case of the id', () => {
    const table = new RememberedCommands(7);
    table.add({ ...commandAt(1, 5), commandId: 'ABCDEF01-2345-7678-9ABC-DEF012345678' });
    expect(table.find('abcdef01-2345-7678-9abc-def012345678')?.outcome.index).toBe(1);
  });

  it('do not take what is no UUID', () => {
    const table = new RememberedCommands(7);
    expect(() => table.find('not-a-uuid')).toThrow(/UUID/);
    expect(() => table.find('0199d3a0-0000-7000-8000-00000000000g')).toThrow(/UUID/);
  });

  it('tell when an id of version 7 was made, and nothing of another', () => {
    const at = Date.UTC(2026, 10, 25);
    const head = at.toString(16).padStart(12, '0');
    expect(timeOfCommandId(`${head.slice(0, 8)}-${head.slice(8)}-7abc-8000-000000000000`)).toBe(at);
    expect(
      timeOfCommandId(`${head.slice(0, 8)}-${head.slice(8)}-4abc-8000-000000000000`),
    ).toBeNull();
  });
});

/** By way of an image, which others may be held beside. */
function copyOf(table: RememberedCommands, seed: number): RememberedCommands {
  const copy = new RememberedCommands(seed);
  const image = table.image();
  copy.horizon = table.horizon;
  restore(copy, image);
  image.release();
  return copy;
}

function restore(into: RememberedCommands, image: RememberedImage): void {
  into.restoreReasons(image.reasons);
  for (const rows of image.rows()) into.restoreRows(rows);
  const text = Buffer.concat([...image.outcomes()]).toString('utf8');
  const lines = text.split('\n').slice(0, -1);
  expect(lines).toHaveLength(image.full);
  into.restoreOutcomes(
    lines.map((line) => {
      const space = line.indexOf(' ');
      return { bytes: Number(line.slice(1, space)), text: line.slice(space + 1) };
    }),
  );
}
