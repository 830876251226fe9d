import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PartitionMachine } from '../../src/decide/index.js';
import { MachineLog } from '../../src/decide/testing/machine-log.js';
import { KINDS } from '../../src/kinds/index.js';
import { COMMANDS } from './kind-commands.js';
import { stepsOf } from './model-run.js';
import type { Step } from './model-run.js';

// A machine that knows itself far behind leaves work undone for later. That must be seen by nobody:
// one machine is told so now and then, another never, and both apply the same log.

const numRuns = Math.ceil(Number(process.env['METAD_PROPERTY_RUNS'] ?? 4_000) / 4);
const FAR = 1_000_000;

/** What is done to the machine that may be behind, before an entry is applied. */
const hint = fc.record({
  entries: fc.constantFrom(1, FAR, FAR, null),
  asks: fc.option(fc.nat(60), { nil: null }),
  isImaged: fc.nat(9).map((drawn) => drawn === 0),
});
type Hint = typeof hint extends fc.Arbitrary<infer Drawn> ? Drawn : never;

const limits = fc.record({
  deduplicationWindowMs: fc.constantFrom(300, 1_000, 600_000),
  commandsRememberedMax: fc.integer({ min: 1, max: 60 }),
  outcomesInFullMax: fc.nat(20),
  outcomeBytesMax: fc.constantFrom(0, 1_500, 6_000, 1_000_000),
});

const steps = fc
  .array(stepsOf(fc.oneof(...Object.values(COMMANDS))), { minLength: 1, maxLength: 4 })
  .map((runs) => runs.flat());

/** The log that a leader would write of these steps, with the ids of its commands. */
function logOf(taken: readonly Step[]): { log: MachineLog; ids: string[] } {
  const log = new MachineLog(KINDS);
  const ids: string[] = [];
  const sent: (Step & { kind: 'send' })[] = [];
  for (const step of taken) {
    if (step.kind === 'wait') log.now += step.ms;
    if (step.kind === 'elect') log.elect();
    if (step.kind === 'expire') log.expire();
    if (step.kind === 'send') {
      const { command, data, expect: wanted } = step;
      const commandId = log.freshId();
      log.send(command, data, { commandId, ...(wanted !== null && { expect: wanted }) });
      ids.push(commandId);
      sent.push(step);
    }
    if (step.kind === 'retry' && sent.length > 0) {
      const of = step.of % sent.length;
      const { command, data, expect: wanted } = sent[of] as Step & { kind: 'send' };
      const commandId = ids[of] as string;
      const again = step.isAltered ? { ...data, another: 1 } : data;
      log.send(command, again, { commandId, ...(wanted !== null && { expect: wanted }) });
    }
  }
  return { log, ids };
}

async function imageOf(machine: PartitionMachine): Promise<string> {
  const chunks: Uint8Array[] = [];
  const image = machine.capture();
  for await (const chunk of image.chunks()) chunks.push(chunk);
  image.release();
  const text = Buffer.concat(chunks).toString('latin1');
  // Records lie in an image in the order of their rows, which depends on what rows were free.
  const records = [...machine.records.records()].map((record) => JSON.stringify(record)).sort();
  return [text.slice(0, text.indexOf('\n')), ...records, text.slice(text.indexOf('\nC{'))].join(
    '\n',
  );
}

/** What a client may learn of a command, also by sending it once more. */
const toldOf = (machine: PartitionMachine, commandId: string): string => {
  const again = { commandId, data: { tenantId: 't1' } };
  const repeated = machine.dryRun('prod', 'PlaceTenant', again, 1);
  return JSON.stringify([machine.outcomeOf(commandId), repeated]);
};

describe('a machine that is far behind', () => {
  it('has the state, the images and the answers of one that is not', async () => {
    const hints = fc.array(hint, { minLength: 1, maxLength: 30 });
    const property = fc.asyncProperty(steps, limits, hints, async (taken, some, told) => {
      const first = logOf([]).log;
      first.settings(some);
      const { log, ids } = logOf(taken);
      const entries = [...first.entries, ...log.entries.map(shifted)];
      const plain = log.newMachine(() => undefined);
      let behind = log.newMachine(() => undefined);
      for (const [at, entry] of entries.entries()) {
        const { entries: known, asks, isImaged } = told[at % told.length] as Hint;
        if (known !== null) behind.willApply(known);
        expect(behind.apply(entry, undefined)).toEqual(plain.apply(entry, undefined));
        const asked = asks === null ? undefined : ids[asks];
        if (asked !== undefined) expect(toldOf(behind, asked)).toBe(toldOf(plain, asked));
        if (!isImaged) continue;
        expect(await imageOf(behind)).toBe(await imageOf(plain));
        if (asks === null) behind = await log.restored(behind);
      }
      for (const id of ids) expect(toldOf(behind, id)).toBe(toldOf(plain, id));
      expect(behind.digest()).toBe(plain.digest());
      expect(await imageOf(behind)).toBe(await imageOf(plain));
    });
    await fc.assert(property, { numRuns });
  }, 300_000);
});

/** Behind the entry that sets the limits. */
function shifted<E extends { readonly index: number }>(entry: E): E {
  return { ...entry, index: entry.index + 1 };
}
