import type { CommandRequest } from '@metad/contract';
import { hashContent, rejection } from '@metad/eventsourcing';
import type { ContentHash } from '@metad/eventsourcing';
import type { Execution } from '../command-runner.js';
import type { ApplyResult, Outcome } from '../outcome.js';
import type { RememberedCommand } from './remembered-commands.js';

/** A request under the namespace and command name of its entry. */
export interface AddressedRequest {
  readonly namespace: string;
  readonly command: string;
  readonly request: CommandRequest;
}

/**
 * What a retry must repeat: namespace, command, data and `expect`, in any order of properties. The
 * deadline, `meta` and `dryRun` may differ.
 */
function contentOf({ namespace, command, request }: AddressedRequest): ContentHash {
  return hashContent({ namespace, command, data: request.data, expect: request.expect });
}

/** The answer to a command whose id has been seen: its outcome, or a refusal of the id. */
export function repeat(known: RememberedCommand, addressed: AddressedRequest): ApplyResult {
  const { high, low } = contentOf(addressed);
  const { outcome } = known;
  if (known.high === high && known.low === low) return { duplicate: true, outcome };
  const message = 'this commandId was used for another command; make a new one for each command';
  const cause = rejection('COMMAND_ID_REUSED', 'command-id-once', message);
  const { index, time } = outcome;
  return {
    duplicate: false,
    outcome: { accepted: false, index, time, rejection: cause, record: null },
  };
}

/** Estimated bytes that one remembered command costs beside what its outcome refers to. */
const FIXED_BYTES = 400;

export function remember(
  addressed: AddressedRequest,
  outcome: Outcome,
  { recordBytes }: Execution,
): RememberedCommand {
  const { high, low, bytes } = contentOf(addressed);
  const { commandId } = addressed.request;
  return { commandId, high, low, bytes: FIXED_BYTES + bytes + recordBytes, outcome };
}
