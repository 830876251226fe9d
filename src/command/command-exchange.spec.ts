import { describe, expect, it } from '@jest/globals';
import { MetadError } from '@metad/contract';
import { KINDS } from '../kinds/index.js';
import type { Outbound } from '../app/nats/inbound.js';
import { encodeError, encodeReply } from '../app/nats/reply.js';
import { CommandExchange, type RejectionListener } from './command-exchange.js';

const door = { kinds: KINDS, requestBytesMax: 1_024, meter: () => undefined };

function exchange(onRejected: RejectionListener, actor: string | null = null) {
  const answers: Outbound[] = [];
  const to = { answer: (outbound: Outbound) => void answers.push(outbound), actor };
  return { answers, command: new CommandExchange(door, onRejected, to) };
}

describe('a command that is refused', () => {
  it('is told to whoever listens, and answered', () => {
    let told = 0;
    const { answers, command } = exchange(() => void (told += 1));
    command.fail(new MetadError('TOO_LARGE', 'too large'));
    expect(told).toBe(1);
    expect(answers.map(({ error }) => error?.status)).toEqual([413]);
    expect(answers[0]?.fault).toBeUndefined();
  });

  it('is answered also when whoever listens fails, and the fault is for the log', () => {
    const broken = new Error('a broken listener');
    const { answers, command } = exchange(() => {
      throw broken;
    });
    command.fail(new MetadError('TOO_LARGE', 'too large'));
    expect(answers.map(({ error, fault }) => [error?.status, fault])).toEqual([[413, broken]]);
    expect(String(answers[0]?.payload)).not.toContain('listener');
  });

  it('for a fault of this program keeps the fault from the caller', () => {
    const fault = new TypeError('secret detail');
    const { answers, command } = exchange(() => undefined);
    command.fail(fault);
    expect(answers.map((answer) => answer.fault)).toEqual([fault]);
    expect(JSON.parse(String(answers[0]?.payload))).toMatchObject({
      error: { code: 'OUTCOME_UNKNOWN', definite: false },
    });
    expect(String(answers[0]?.payload)).not.toContain('secret');
  });
});

describe('the answer of another node', () => {
  const refused = encodeError(new MetadError('VERSION_CONFLICT', 'is 7'), null);

  it('is told of when it is a refusal and only this node knows who asked', () => {
    const told: unknown[] = [];
    const { answers, command } = exchange((rejection) => told.push(rejection), 'token:billing');
    command.name('prod', 'PlaceTenant');
    command.pass(refused);
    expect(told).toMatchObject([
      { command: 'PlaceTenant', actor: 'token:billing', error: { code: 'VERSION_CONFLICT' } },
    ]);
    expect(answers).toEqual([refused]);
  });

  it.each([
    ['a yes', encodeReply({ outcome: 'applied' }, null), 'token:billing'],
    ['what came over NATS: the other node has told of it', refused, null],
  ])('is passed on without a word: %s', (_what, answer, actor) => {
    let told = 0;
    const { answers, command } = exchange(() => void (told += 1), actor);
    command.pass(answer);
    expect([told, answers]).toEqual([0, [answer]]);
  });
});
