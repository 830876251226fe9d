import { partitionId } from '@metad/foundation';
import type { CommandReply, MetadError } from '@metad/contract';
import { KINDS } from '../../kinds/index.js';
import { toCommandReply } from '../outcome.js';
import { replyParts } from '../record-text.js';
import type { ApplyResult } from '../outcome.js';

const SCOPE = { incarnation: 'c7f3', partition: partitionId(1) };

/** What the client of an accepted command sees; throws what it sees otherwise. */
export const replyOf = (result: ApplyResult): CommandReply => toCommandReply(result, SCOPE, KINDS);

/** The same as the text that is sent. */
export function textOf({ outcome, duplicate }: ApplyResult): string {
  if (!outcome.accepted) throw new Error(`was refused: ${JSON.stringify(outcome)}`);
  return replyParts(outcome, duplicate, SCOPE, KINDS).join('');
}

/** The error that the client of a refused command sees. */
export function errorOf(result: ApplyResult): MetadError {
  try {
    replyOf(result);
  } catch (error) {
    return error as MetadError;
  }
  throw new Error(`was not refused: ${JSON.stringify(result)}`);
}
