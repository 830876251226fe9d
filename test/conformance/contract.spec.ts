import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { administrationChapter } from './checklist/administration.js';
import { closeBench, openBench, type Bench } from './checklist/bench.js';
import { commandsChapter } from './checklist/commands.js';
import { everyName, SHOWN_ELSEWHERE } from './checklist/contract-names.js';
import { doorsChapter } from './checklist/doors.js';
import { errorsChapter, lostQuorumChapter } from './checklist/errors.js';
import { listsChapter } from './checklist/lists.js';
import { lookUpsChapter } from './checklist/look-ups.js';
import { watchingChapter } from './checklist/watching.js';

// The public contract, name by name, on three real nodes. The last test compares what was met with
// the table of names, so that a name that nobody exercises is a failure.

let bench: Bench;

beforeAll(async () => {
  bench = await openBench();
}, 300_000);

afterAll(() => closeBench(bench), 300_000);

const here = (): Bench => bench;
listsChapter(here);
lookUpsChapter(here);
commandsChapter(here);
errorsChapter(here);
watchingChapter(here);
administrationChapter(here);
doorsChapter(here);
lostQuorumChapter(here);

describe('the contract', () => {
  it('has no name that was not met', () => {
    expect(bench.ledger.missing(everyName())).toEqual([]);
  });

  it.each(Object.entries(SHOWN_ELSEWHERE))('%s is shown by %s', (code, file) => {
    expect(readFileSync(join(import.meta.dirname, '../..', file), 'utf8')).toContain(code);
  });
});
