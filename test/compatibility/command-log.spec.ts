import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { logIndex, term } from '@metad/foundation';
import type { AppliedEntry } from '@metad/eventsourcing';
import { KINDS } from '../../src/kinds/index.js';
import { MachineLog } from '../../src/decide/testing/machine-log.js';
import { writeGoldenLog } from './golden-log.js';

// A golden log is a log as some release wrote it, with what its rules made of it. Today's program
// must read the same bytes to the same results. A new feature level adds a file; an existing one is
// rewritten only when the difference can be explained:
// `METAD_WRITE_GOLDEN=1 npm run jest -- test/compatibility/command-log.spec.ts`.
const FOLDER = join(import.meta.dirname, 'golden');
const LEVELS = [1, 2];

interface Golden {
  readonly about: string;
  /** Entry bytes in base64 by term; null is a term's no-op. */
  readonly entries: readonly (readonly [term: number, data: string | null])[];
  /** One line an entry: what it did. */
  readonly effects: readonly string[];
  /** By kind, at the end of the log. */
  readonly digests: Readonly<Record<string, string>>;
}

const effectOf = ({ index, time, command, changes, rejected }: AppliedEntry): string => {
  const done = changes.map(({ type, kind, key, before, after }) => {
    const versions = `${before?.version ?? 0}→${after?.version ?? 'gone'}`;
    const fence = after?.fence === undefined || after.fence === null ? '' : ` fence ${after.fence}`;
    return `${type} ${kind} ${key} ${versions}${fence}`;
  });
  return `${index} @${time} ${command ?? '-'}: ${rejected ?? (done.join(', ') || 'nothing')}`;
};

function goldenOf(log: MachineLog, about: string): Golden {
  const entries = log.entries.map(({ term: of, kind, data }): [number, string | null] => [
    of,
    kind === 'noop' ? null : Buffer.from(data).toString('base64'),
  ]);
  const digests = KINDS.kinds.map(({ kind }) => [kind, log.machine.digest(kind)]);
  const effects = log.applied.map(effectOf);
  return { about, entries, effects, digests: Object.fromEntries(digests) as Golden['digests'] };
}

describe.each(LEVELS)('a log written at feature level %i', (level) => {
  const path = join(FOLDER, `command-log-level-${level}.json`);

  it('replays to the results it had then', () => {
    if (process.env['METAD_WRITE_GOLDEN'] === '1' || !existsSync(path)) {
      const golden = goldenOf(writeGoldenLog(level), `feature level ${level}, entry format 1`);
      writeFileSync(path, `${JSON.stringify(golden, null, 2)}\n`);
    }
    const golden = JSON.parse(readFileSync(path, 'utf8')) as Golden;
    const applied: AppliedEntry[] = [];
    const machine = new MachineLog(KINDS).newMachine((entry) => applied.push(entry));
    golden.entries.forEach(([of, data], at) => {
      const entry = { index: logIndex(at + 1), term: term(of), change: null };
      if (data === null)
        machine.apply({ ...entry, kind: 'noop', data: new Uint8Array() }, undefined);
      else
        machine.apply({ ...entry, kind: 'command', data: Buffer.from(data, 'base64') }, undefined);
    });
    expect(applied.map(effectOf)).toEqual(golden.effects);
    for (const [kind, digest] of Object.entries(golden.digests)) {
      expect(`${kind} ${machine.digest(kind)}`).toBe(`${kind} ${digest}`);
    }
  });
});
