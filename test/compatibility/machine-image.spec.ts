import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { StoredRecord } from '@metad/eventsourcing';
import { logIndex, term } from '@metad/foundation';
import { KINDS } from '../../src/kinds/index.js';
import type { PartitionMachine } from '../../src/decide/index.js';
import { MachineLog, NO_MEMBERS } from '../../src/decide/testing/machine-log.js';

// The image that a release made of the state behind the golden log of feature level 2. Today's
// program must restore the same state from it. A new format adds a file; none is ever rewritten.
const FOLDER = join(import.meta.dirname, 'golden');
const FORMATS = [3, 4];
const NEWEST = 4;

async function imageOf(machine: PartitionMachine): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of machine.capture().chunks()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* once(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}

/** The machine behind the golden log as it lies there, with the ids of its commands. */
function goldenMachine(): { machine: PartitionMachine; commandIds: (string | null)[] } {
  const text = readFileSync(join(FOLDER, 'command-log-level-2.json'), 'utf8');
  const { entries } = JSON.parse(text) as { entries: readonly [number, string | null][] };
  const commandIds: (string | null)[] = [];
  const log = new MachineLog(KINDS);
  const machine = log.newMachine(({ commandId }) => commandIds.push(commandId));
  for (const [at, [of, data]] of entries.entries()) {
    const entry = { index: logIndex(at + 1), term: term(of), change: null };
    const noop = { kind: 'noop', data: new Uint8Array() } as const;
    const command = { kind: 'command', data: Buffer.from(data ?? '', 'base64') } as const;
    machine.apply({ ...entry, ...(data === null ? noop : command) }, undefined);
  }
  return { machine, commandIds };
}

const nameOf = ({ kind, namespace, key }: StoredRecord): string => `${kind} ${namespace} ${key}`;

const recordsOf = (machine: PartitionMachine): StoredRecord[] =>
  [...machine.records.records()].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));

describe.each(FORMATS)('an image of format %i', (format) => {
  const path = join(FOLDER, `image-${format}.golden`);

  it('restores the state that it was made of', async () => {
    const { machine, commandIds } = goldenMachine();
    if (format === NEWEST && !existsSync(path)) writeFileSync(path, await imageOf(machine));
    const restored = new MachineLog(KINDS).newMachine(() => undefined);
    const meta = { index: machine.appliedIndex(), term: machine.appliedTerm(), conf: NO_MEMBERS };
    await restored.restore(meta, once(readFileSync(path)));
    expect(recordsOf(restored)).toEqual(recordsOf(machine));
    expect(restored.digest()).toBe(machine.digest());
    expect(restored.settings).toEqual(machine.settings);
    expect(restored.records.counts()).toEqual(machine.records.counts());
    for (const commandId of commandIds) {
      if (commandId === null) continue;
      expect(restored.outcomeOf(commandId)).toEqual(machine.outcomeOf(commandId));
    }
  });
});
