import { ERROR_CODES, type ErrorCode } from '@metad/contract';
import { code, table } from './markdown.js';

/** What each says, and what its `details` hold. A new code does not compile without its row. */
const MEANINGS: Readonly<Record<ErrorCode, string>> = {
  INVALID_ARGUMENT: "`faults`: a field's path and the reason, for each",
  UNAUTHENTICATED: 'who asks is not known',
  FORBIDDEN: 'who asks may not',
  NOT_FOUND: 'no such record, job, partition',
  UNKNOWN_COMMAND: '`known`: the names there are',
  UNKNOWN_QUERY: '`known`: the names there are',
  VERSION_CONFLICT: '`version` and `record` as they are now',
  PRECONDITION_FAILED: 'the fields that differ, and the record',
  ALREADY_OWNED: 'the owner, and the record',
  COMMAND_ID_REUSED: 'the same `commandId` came with other content',
  CROSS_PARTITION: '`keys`: where each command of the batch lies',
  POSITION_COMPACTED: '`available`: the first position that can be read',
  INCARNATION_CHANGED:
    'the position is of another history; `available`: where the present one begins; go on from it',
  TOO_LARGE: '`limit` and `max`',
  RULE_VIOLATED: '`rule`: its stable id',
  POSITION_NOT_REACHED: 'how far this node is; `retryAfterMs`',
  RATE_LIMITED: '`retryAfterMs`',
  QUOTA_EXCEEDED: '`limit`, `max`, `retryAfterMs`',
  NO_LEADER: '`partition`, `retryAfterMs`',
  NOT_LEADER: '`leader`: whom to ask',
  PARTITION_MOVED: 'the map has changed: refresh it',
  OVERLOADED: 'too much in flight; nothing was kept; `retryAfterMs`',
  RESTORING: 'the tables cannot be read now',
  STORAGE_FULL: 'only removals are admitted',
  OUTCOME_UNKNOWN: 'it may have taken effect: repeat with the same `commandId`',
  DEADLINE_EXCEEDED: "the command's deadline had passed when it was applied",
};

export function errorsPage(): string {
  const rows = Object.entries(ERROR_CODES).map(([name, { status, retryable }]) => [
    String(status),
    code(name),
    retryable ? 'yes' : 'no',
    MEANINGS[name as ErrorCode],
  ]);
  return `# Errors

The body of every error, over NATS and HTTP alike, beside the headers \`Nats-Service-Error\` and
\`Nats-Service-Error-Code\`:

    { "error": { "code": "VERSION_CONFLICT", "status": 409, "message": "…",
                 "definite": true, "retryable": false, "details": { … } } }

\`definite: true\` means that the command surely did not take effect. Only \`OUTCOME_UNKNOWN\`
is not definite: repeat the command with the same \`commandId\`, and the first outcome comes back.

${table(['status', 'code', 'retry', 'what it says, and what `details` hold'], rows)}
`;
}
