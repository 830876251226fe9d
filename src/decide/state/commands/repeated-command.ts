import type { CommandRequest } from '@metad/contract';
import type { LogTime } from '@metad/foundation';
import { formatIsoTime, hashContent, rejection } from '@metad/eventsourcing';
import type { ContentHash, StoredRecord } from '@metad/eventsourcing';
import type { Execution } from '../../command-runner.js';
import type { ApplyResult, Outcome } from '../../outcome.js';
import { timeOfCommandId } from './command-id.js';
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

/** The one record that a command is about; null if there is none, undefined if it has many. */
export type FindRecord = (addressed: AddressedRequest) => StoredRecord | null | undefined;

/** The answer to a command whose id has been seen: its outcome, or a refusal of the id. */
export function repeat(
  known: RememberedCommand,
  addressed: AddressedRequest,
  recordOf: FindRecord,
): ApplyResult {
  const { high, low } = contentOf(addressed);
  const { outcome } = known;
  if (known.high === high && known.low === low) return { duplicate: true, outcome };
  const message = 'this commandId was used for another command; make a new one for each command';
  const cause = rejection('COMMAND_ID_REUSED', 'command-id-once', message);
  const { index, time } = outcome;
  // The record as it stands, not as it was at `index`: what the caller decides anew from.
  const record = recordOf(addressed);
  return {
    duplicate: false,
    outcome: { accepted: false, index, time, rejection: cause, record },
  };
}

/** A client's clock may be this far ahead of the leader's for its ids to be judged rightly. */
const CLOCK_AHEAD_MS_MAX = 5_000;

/**
 * From level 2 on: an id of version 7 tells when it was made. If that is before the horizon, the
 * command may have been applied and forgotten since, and running it could be the second time. Its
 * outcome cannot be told any more, so that is the answer; nothing happens, and nothing is
 * remembered. Ids of other versions tell nothing: for them the promise ends at the horizon.
 */
export function checkHorizon(
  commandId: string,
  horizon: LogTime,
  { context }: Execution,
): ApplyResult | null {
  if (context.level < HORIZON_LEVEL || horizon === 0) return null;
  const madeAt = timeOfCommandId(commandId);
  if (madeAt === null || madeAt > horizon + CLOCK_AHEAD_MS_MAX) return null;
  const message =
    `this commandId was made at ${formatIsoTime(madeAt)}, before what is remembered here (since ` +
    `${formatIsoTime(horizon)}): whether it was applied cannot be told any more. Read the ` +
    'record; if the id is new, the clock that made it is behind';
  const details = { madeAt: formatIsoTime(madeAt), rememberedSince: formatIsoTime(horizon) };
  const cause = rejection('OUTCOME_UNKNOWN', 'command-id-horizon', message, details);
  const { index, now: time } = context;
  return {
    duplicate: false,
    outcome: { accepted: false, index, time, rejection: cause, record: undefined },
  };
}

const HORIZON_LEVEL = 2;

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
