import { describe, expect, it } from '@jest/globals';
import { MetadError, type CommandOptions, type MetadClient } from '@metad/client';
import type { CommandReply } from '@metad/contract';
import { NobodyAnswers, NotPermitted } from '../../broker-errors.js';
import { OutcomeUnknown, UsageError } from '../exit-code.js';
import { commandIdOf } from './command-id.js';
import { CommandSender } from './command-sender.js';

const applied = { outcome: 'applied', version: 1 } as CommandReply;
const request = { commandId: 'id', data: { a: 1 }, deadline: '2026-11-22T12:00:05Z' };

/** A sender whose client answers so, and what that client was asked. */
function meeting(answer: Error | CommandReply) {
  const asked: unknown[] = [];
  const command = async (name: string, data: unknown, options: CommandOptions) => {
    asked.push({ name, data, options });
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const client = { in: (namespace: string) => ({ namespace, command }) };
  const sender = new CommandSender(client as unknown as MetadClient);
  const send = () => sender.send('prod', 'Assign', request, 5_000);
  return { sender, send, asked };
}

describe('a command sender', () => {
  it('hands a request on to the client library', async () => {
    const { send, asked } = meeting(applied);
    expect(await send()).toBe(applied);
    const options = { commandId: 'id', deadline: new Date(request.deadline), timeoutMs: 5_000 };
    expect(asked).toEqual([{ name: 'Assign', data: { a: 1 }, options }]);
  });

  it('takes a refusal as the answer', async () => {
    const { send } = meeting(new MetadError('VERSION_CONFLICT', 'is 7'));
    await expect(send()).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
  });

  it('names the id under which an unknown outcome can be asked for again', async () => {
    const { send } = meeting(new MetadError('OUTCOME_UNKNOWN', 'lost'));
    await expect(send()).rejects.toThrow(OutcomeUnknown);
    await expect(send()).rejects.toThrow(/--command-id id/);
  });

  it.each([
    ['nobody answers', 'NO_LEADER', { reason: 'nobody' }, NobodyAnswers],
    ['the broker refuses', 'FORBIDDEN', { reason: 'forbidden' }, NotPermitted],
    ['a node says that nobody leads', 'NO_LEADER', { partition: 1 }, MetadError],
    ['a node says that it is forbidden', 'FORBIDDEN', {}, MetadError],
  ] as const)('tells apart that %s', async (_what, code, details, kind) => {
    await expect(meeting(new MetadError(code, 'no', details)).send()).rejects.toThrow(kind);
  });

  it('sends nothing where a name would change the subject', async () => {
    const { sender, asked } = meeting(applied);
    await expect(sender.send('a.b', 'Assign', request)).rejects.toThrow(UsageError);
    await expect(sender.send('prod', 'As.sign', request)).rejects.toThrow(UsageError);
    expect(asked).toEqual([]);
  });
});

describe('a command id', () => {
  it('follows from a text when it must be the same again', () => {
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    expect(commandIdOf('a')).toMatch(uuid);
    expect(commandIdOf('a')).toBe(commandIdOf('a'));
    expect(commandIdOf('a')).not.toBe(commandIdOf('b'));
  });
});
