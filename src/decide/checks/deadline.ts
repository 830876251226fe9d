import type { LogTime } from '@metad/foundation';
import { parseIsoTime, rejection } from '@metad/eventsourcing';
import type { Rejection } from '@metad/eventsourcing';

/**
 * Whether a command may still take effect at log time `now`; null when it may. A deadline beyond
 * the deduplication window is refused: within it a retry is surely recognised, after it the
 * deadline is over, so that a command with a deadline is executed at most once for ever.
 */
export function checkDeadline(deadline: string, now: LogTime, windowMs: number): Rejection | null {
  const at = parseIsoTime(deadline);
  if (at === null) {
    const message = `deadline is not an ISO 8601 date and time with a zone: ${deadline}`;
    return rejection('INVALID_ARGUMENT', 'deadline-iso-8601', message);
  }
  if (now > at) {
    const message = 'the deadline was over before the command was applied; nothing was changed';
    return rejection('DEADLINE_EXCEEDED', 'deadline', message, { lateMs: now - at });
  }
  if (at - now > windowMs) {
    const message = `deadline is more than ${windowMs} ms ahead (deduplicationWindowMs)`;
    const details = { limit: 'deduplicationWindowMs', max: windowMs };
    return rejection('INVALID_ARGUMENT', 'deadline-within-window', message, details);
  }
  return null;
}
