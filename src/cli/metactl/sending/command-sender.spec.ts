import { describe, expect, it } from '@jest/globals';
import { MetadError } from '@metad/contract';
import type { CommandReply, CommandRequest } from '@metad/contract';
import { NoAnswer, NobodyAnswers } from '../../nats-requester.js';
import { OutcomeUnknown } from '../exit-code.js';
import { commandIdOf, newCommandId } from './command-id.js';
import { CommandSender } from './command-sender.js';

const applied = { outcome: 'applied', version: 1 } as CommandReply;

/** A sender whose attempts meet these, one after the other; the last one again and again. */
function meeting(...answers: (Error | CommandReply)[]) {
  const ids: string[] = [];
  const command = async (_n: string, _c: string, request: CommandRequest) => {
    const answer = answers[Math.min(ids.length, answers.length - 1)];
    ids.push(request.commandId);
    if (answer === undefined || answer instanceof Error)
      throw answer ?? new Error('no answer left');
    return answer;
  };
  const send = (deadlineMs = 5_000) =>
    new CommandSender({ command }).send('prod', 'X', { commandId: 'id', data: {} }, { deadlineMs });
  return { send, ids };
}

describe('a command sender', () => {
  it('repeats what may be repeated, with the same id', async () => {
    const unknown = new MetadError('OUTCOME_UNKNOWN', 'who knows');
    const { send, ids } = meeting(new NobodyAnswers('x'), new NoAnswer('x'), unknown, applied);
    expect(await send()).toBe(applied);
    expect(ids).toEqual(['id', 'id', 'id', 'id']);
  });

  it('takes a refusal as the answer', async () => {
    const { send, ids } = meeting(new MetadError('VERSION_CONFLICT', 'is 7'));
    await expect(send()).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    expect(ids).toHaveLength(1);
  });

  it('does not forget that an earlier attempt may have taken effect', async () => {
    const { send } = meeting(new NoAnswer('lost'), new MetadError('NO_LEADER', 'nobody leads'));
    await expect(send(200)).rejects.toThrow(OutcomeUnknown);
  });

  it('says what it met when nothing can have happened', async () => {
    await expect(meeting(new NobodyAnswers('nobody')).send(200)).rejects.toThrow(NobodyAnswers);
  });
});

describe('a command id', () => {
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-([78])[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

  it('is a UUID that sorts by time when it is new', () => {
    const [early, late] = [newCommandId(1_000), newCommandId(2_000)];
    expect(uuid.exec(early)?.[1]).toBe('7');
    expect(early < late).toBe(true);
  });

  it('follows from a text when it must be the same again', () => {
    expect(uuid.exec(commandIdOf('a'))?.[1]).toBe('8');
    expect(commandIdOf('a')).toBe(commandIdOf('a'));
    expect(commandIdOf('a')).not.toBe(commandIdOf('b'));
  });
});
