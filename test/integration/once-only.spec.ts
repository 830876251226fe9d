import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ErrorBody } from '@metad/contract';
import { seededRandom, type Random } from '@metad/foundation';
import { randomCommand, type RandomCommand } from '../fixtures/random-commands.js';
import { WholeCluster } from '../fixtures/whole-cluster.js';

// Sixty-four clients repeat every command two to five times, through any node, while leaders are
// killed: each must have taken effect once, and every repetition must tell the same story.

const clients = 64;
const commandsEach = 12;
const patienceMs = 60_000;

interface Told {
  readonly commandId: string;
  readonly sent: RandomCommand;
  /** What each repetition answered, in order; only definite answers. */
  readonly answers: readonly Record<string, unknown>[];
}

let cluster: WholeCluster;

beforeAll(async () => {
  cluster = await WholeCluster.start(4);
}, 300_000);
afterAll(async () => {
  await cluster.stop();
}, 300_000);

/** Sends until the answer says what became of the command. */
async function definite(command: string, body: string): Promise<Record<string, unknown>> {
  const giveUpAt = Date.now() + patienceMs;
  for (;;) {
    try {
      const reply = await cluster.request(`cmd.prod.${command}`, body);
      const { error } = reply as Partial<ErrorBody>;
      if (error === undefined || !error.retryable) return reply;
    } catch (error) {
      if (Date.now() > giveUpAt) throw error; // Nobody answered: the outcome is not known yet.
    }
    if (Date.now() > giveUpAt) throw new Error(`no outcome of ${body} in ${patienceMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function tell(random: Random): Promise<Told> {
  const sent = randomCommand(random);
  const commandId = randomUUID();
  const { command, ...fields } = sent;
  const body = JSON.stringify({ commandId, ...fields });
  const answers: Record<string, unknown>[] = [];
  const repeats = 2 + random.below(4);
  if (random.below(2) === 0) {
    const all = Array.from({ length: repeats }, () => definite(command, body));
    answers.push(...(await Promise.all(all)));
  } else {
    for (let at = 0; at < repeats; at += 1) answers.push(await definite(command, body));
  }
  return { commandId, sent, answers };
}

async function client(seed: number): Promise<Told[]> {
  const random = seededRandom(seed);
  const told: Told[] = [];
  for (let at = 0; at < commandsEach; at += 1) told.push(await tell(random));
  return told;
}

/** Kills the busiest leader, waits until it is back, and again, until told to stop. */
async function killLeaders(isOver: () => boolean): Promise<number> {
  let kills = 0;
  while (!isOver()) {
    const said = cluster.launcher.text.length;
    const busiest = await cluster.busiest().catch(() => null);
    if (busiest === null) continue;
    await cluster.kill(busiest);
    kills += 1;
    await cluster.launcher.says(/is back/, said);
  }
  return kills;
}

/** The part of an answer that all repetitions must share. */
function story(answer: Record<string, unknown>): unknown {
  const { outcome: _first, ...rest } = answer;
  return rest;
}

describe('a command that is repeated', () => {
  it('takes effect once, and tells every client the same', async () => {
    let over = false;
    const killing = killLeaders(() => over);
    const all = Array.from({ length: clients }, (_, at) => client(1_000 + at));
    const told = (await Promise.all(all)).flat();
    over = true;
    expect(await killing).toBeGreaterThan(0);
    await cluster.settled();

    for (const { sent, answers } of told) {
      for (const answer of answers) {
        expect([sent.command, story(answer)]).toEqual([sent.command, story(answers[0] ?? {})]);
      }
      const firsts = answers.filter(({ outcome }) => outcome === 'applied' || outcome === 'noop');
      expect(firsts.length).toBeLessThanOrEqual(1);
    }
    for (const node of cluster.nodes) await expectOnce(node, told);
  }, 300_000);

  it('has been of every kind, accepted and refused', async () => {
    const rows = await cluster.rows('n1', 'SELECT DISTINCT command FROM history ORDER BY 1');
    const accepted = rows.map(({ command }) => String(command));
    expect(accepted).toEqual(expect.arrayContaining(['Batch', 'AssignResource', 'PutRoute']));
    expect(accepted.length).toBeGreaterThanOrEqual(12);
  });
});

/**
 * History tells each event once: as many for a command as its answer named. A renewal changes
 * nothing that history tells of; its answer only reports.
 */
async function expectOnce(node: string, told: readonly Told[]): Promise<void> {
  const sql = 'SELECT command_id, count(*)::int AS events FROM history GROUP BY 1';
  const counted = new Map(
    (await cluster.rows(node, sql)).map((row) => [row['command_id'], row['events']]),
  );
  for (const { commandId, sent, answers } of told) {
    const named = (answers[0]?.['events'] as unknown[] | undefined)?.length ?? 0;
    const events = sent.command === 'RenewInstances' ? 0 : named;
    const found = counted.get(commandId) ?? 0;
    const about = [node, sent.command, commandId];
    expect([...about, found]).toEqual([...about, events]);
  }
}
