import { describe, expect, it } from '@jest/globals';
import { logIndex, term } from '@metad/foundation';
import { KINDS } from '../../kinds/index.js';
import { MachineLog, NO_MEMBERS } from '../testing/machine-log.js';

const labels = { pad: 'x'.repeat(200) };
const assign = (log: MachineLog, at: number, node: string) =>
  log.send('AssignResource', { tenantId: 't', resourceId: `r${at}`, node, labels });

function filled(records = 2_000) {
  const log = new MachineLog(KINDS);
  for (let at = 0; at < records; at += 1) assign(log, at, 'n1');
  return log;
}

async function restoredFrom(log: MachineLog, chunks: Uint8Array[], index: number) {
  const machine = log.newMachine(() => undefined);
  const meta = { index: logIndex(index), term: term(1), conf: NO_MEMBERS };
  await machine.restore(meta, each(chunks));
  return machine;
}

async function* each(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function chunksOf(log: MachineLog): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  const image = log.machine.capture();
  for await (const chunk of image.chunks()) chunks.push(chunk);
  image.release();
  return chunks;
}

/** The image as the first format had it. */
function inFormat1({ machine, applied }: MachineLog): string {
  const records = [...machine.records.records('resource')];
  const header = {
    ...{ format: 1, index: machine.appliedIndex(), time: machine.logTime(), term: 1 },
    ...{ leaseTerm: 0, leasesStartedAt: 0, horizon: 0, settings: machine.settings },
  };
  const commands = applied.map(({ commandId }) => {
    const outcome = machine.outcomeOf(commandId as string);
    return `C${JSON.stringify({ commandId, high: 1, low: 2, bytes: 3, outcome })}`;
  });
  const footer = { records: records.length, commands: commands.length, digest: machine.digest() };
  return [
    JSON.stringify(header),
    ...records.map((record) => `R${JSON.stringify(record)}`),
    ...commands,
    `E${JSON.stringify(footer)}\n`,
  ].join('\n');
}

describe('an image', () => {
  it('is of the moment of its capture, whatever is applied while it is read', async () => {
    const log = filled();
    const digest = log.machine.digest();
    const first = log.applied[0]?.commandId as string;
    const outcome = log.machine.outcomeOf(first);
    const image = log.machine.capture();
    const chunks: Uint8Array[] = [];
    let round = 0;
    for await (const chunk of image.chunks()) {
      chunks.push(chunk);
      for (let at = 0; at < 50; at += 1) assign(log, at * 7 + round, `n${round}`);
      log.send('ReleaseResource', { tenantId: 't', resourceId: `r${1_999 - round}` });
      round += 1;
    }
    expect(round).toBeGreaterThan(2);
    image.release();
    const copy = await restoredFrom(log, chunks, 2_000);
    expect(copy.digest()).toBe(digest);
    expect(copy.outcomeOf(first)).toEqual(outcome);
    for (const entry of log.entries.slice(2_000)) copy.apply(entry, undefined);
    expect(copy.digest()).toBe(log.machine.digest());
  });

  it('may be cut anywhere on its way', async () => {
    const log = filled(20);
    const bytes = Buffer.concat(await chunksOf(log));
    const crumbs = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, at) =>
      bytes.subarray(at * 7, at * 7 + 7),
    );
    const copy = await restoredFrom(log, crumbs, 20);
    expect(copy.digest()).toBe(log.machine.digest());
  });

  it.each([
    ['a lost end', (text: string) => text.slice(0, text.lastIndexOf('\nE') + 1)],
    ['half a line', (text: string) => text.slice(0, -5)],
    ['a lost record', (text: string) => text.replace('N{"count":5', 'N{"count":6')],
    ['a record too many', (text: string) => text.replace('N{"count":5', 'N{"count":4')],
    ['a changed record', (text: string) => text.replace('"node":"n1"', '"node":"n2"')],
    ['a lost command', (text: string) => text.replace('C{"count":5', 'C{"count":4')],
    ['a lost outcome', (text: string) => text.replace(/\nO.*/, '')],
    ['another format', (text: string) => text.replace('"format":4', '"format":5')],
  ])('is refused with %s, and the state stays as it was', async (_what, damage) => {
    const log = filled(5);
    const whole = Buffer.concat(await chunksOf(log)).toString('latin1');
    const text = damage(whole);
    expect(text).not.toBe(whole);
    const machine = log.replay();
    const meta = { index: logIndex(5), term: term(1), conf: NO_MEMBERS };
    await expect(machine.restore(meta, each([Buffer.from(text, 'latin1')]))).rejects.toThrow();
    expect(machine.digest()).toBe(log.machine.digest());
  });

  it('of format 1, which had a line for every command, is read as well', async () => {
    const log = filled(20);
    const commandId = log.freshId();
    const claim = () =>
      log.send('ReleaseResource', { tenantId: 't', resourceId: 'none' }, { commandId });
    claim();
    const copy = await restoredFrom(log, [Buffer.from(inFormat1(log))], 21);
    expect(copy.digest()).toBe(log.machine.digest());
    for (const { commandId: id } of log.applied) {
      expect(copy.outcomeOf(id as string)).toEqual(log.machine.outcomeOf(id as string));
    }
  });

  it('is refused for another index than its snapshot names', async () => {
    const log = filled(5);
    await expect(restoredFrom(log, await chunksOf(log), 6)).rejects.toThrow(/index/);
  });
});
