import { partitionId } from '@metad/foundation';
import type { CommandReply, MetadError } from '@metad/contract';
import { KINDS } from '../../kinds/index.js';
import { toCommandReply } from '../outcome.js';
import type { ApplyResult } from '../outcome.js';

/** What the client of an accepted command sees; throws what it sees otherwise. */
export const replyOf = (result: ApplyResult): CommandReply =>
  toCommandReply(result, { incarnation: 'c7f3', partition: partitionId(1) }, KINDS);

/** The error that the client of a refused command sees. */
export function errorOf(result: ApplyResult): MetadError {
  try {
    replyOf(result);
  } catch (error) {
    return error as MetadError;
  }
  throw new Error(`was not refused: ${JSON.stringify(result)}`);
}
