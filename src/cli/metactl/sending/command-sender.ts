import { MetadError, type CommandReply, type MetadClient } from '@metad/client';
import type { CommandRequest } from '@metad/contract';
import { NobodyAnswers, NotPermitted } from '../../broker-errors.js';
import { OutcomeUnknown } from '../exit-code.js';
import { subjectNameOf } from '../session/gateway.js';

/** For all attempts together, milliseconds: longer than an election takes. */
export const patienceMsDefault = 30_000;

/**
 * Commands through the client library, which repeats them with the same `commandId` until their
 * fate is known; how that ended is told in this program's errors, which name what to do next.
 */
export class CommandSender {
  constructor(private readonly client: MetadClient) {}

  /**
   * Throws `UsageError` for names that cannot stand in a subject, `MetadError` when the command was
   * refused, `OutcomeUnknown` when it may have taken effect, `NobodyAnswers` and `NotPermitted`
   * when it surely was not received.
   */
  async send(
    namespace: string,
    command: string,
    request: CommandRequest,
    timeoutMs = patienceMsDefault,
  ): Promise<CommandReply> {
    const { data, deadline, ...rest } = request;
    const target = this.client.in(subjectNameOf('namespace', namespace));
    const options = { ...rest, ...(deadline !== undefined && { deadline: new Date(deadline) }) };
    try {
      const name = subjectNameOf('command', command);
      return await target.command(name, data, { ...options, timeoutMs });
    } catch (error) {
      throw error instanceof MetadError ? inOwnWords(error, request.commandId) : error;
    }
  }
}

/** `reason` stands in the details of what the library itself found out, not in a node's answer. */
function inOwnWords(error: MetadError, commandId: string): Error {
  if (error.code === 'OUTCOME_UNKNOWN') {
    return new OutcomeUnknown(
      `the outcome of command ${commandId} is unknown (${error.message}); sending it again with ` +
        `the same id is safe: --command-id ${commandId}`,
    );
  }
  const { reason } = error.details;
  if (error.code === 'FORBIDDEN' && reason === 'forbidden') return new NotPermitted(error.message);
  if (error.code === 'NO_LEADER' && typeof reason === 'string') {
    return new NobodyAnswers(`${error.message}: is a node running there?`);
  }
  return error;
}
