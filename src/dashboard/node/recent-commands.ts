import { parsePosition } from '@metad/contract';
import type { AppliedEntry } from '@metad/eventsourcing';
import type { RefusedCommand } from '../../command/refused-commands.js';
import type { KindRegistry } from '../../kinds/index.js';
import type { CommandFact } from './node-report.js';

/** Applied commands in one report, and refusals, which a busy minute must not push out. */
export const commandsMax = 100;
const refusalsMax = 50;
const nameCharsMax = 64;
const messageCharsMax = 240;

/** No-ops and changes of membership say nothing to whoever looks for commands. */
export const isOfInterest = (entry: AppliedEntry): boolean =>
  entry.command !== null || entry.changes.length > 0;

/**
 * What was applied and what was refused, newest first. A refusal at apply comes twice, as its entry
 * and as its error: they share their key, and the error, which says more, stands in its place.
 */
export function recentCommands(
  applied: readonly AppliedEntry[],
  refused: readonly RefusedCommand[],
  kinds: KindRegistry,
): CommandFact[] {
  const facts = new Map<string, CommandFact>();
  for (const entry of applied) {
    const fact = factOf(entry);
    facts.set(fact.key, fact);
  }
  for (const refusal of refused.slice(0, refusalsMax)) {
    const fact = factOfRefusal(refusal, kinds);
    facts.set(fact.key, { ...fact, actor: facts.get(fact.key)?.actor ?? null });
  }
  return [...facts.values()].sort((a, b) => b.at - a.at);
}

function factOf(entry: AppliedEntry): CommandFact {
  const { partition, index, time, command, actor, changes, rejected } = entry;
  const first = changes[0];
  return {
    key: `${partition}/${index}`,
    at: time,
    command: command ?? 'Expiry',
    namespace: first?.namespace ?? '',
    ...{ partition, index },
    outcome: rejected !== null ? 'refused' : changes.length > 0 ? 'applied' : 'unchanged',
    record: first ? { kind: first.kind, id: first.key } : null,
    changes: changes.length,
    actor,
    code: rejected,
    message: null,
  };
}

function factOfRefusal(refusal: RefusedCommand, kinds: KindRegistry): CommandFact {
  const { at, namespace, command, error } = refusal;
  const { partition, index } = positionOf(error.details);
  return {
    key: partition === null ? `${at}/${command}/${error.code}` : `${partition}/${index}`,
    at,
    command: command.slice(0, nameCharsMax),
    namespace: namespace.slice(0, nameCharsMax),
    ...{ partition, index },
    outcome: 'refused',
    record: recordOf(error.details, kinds.command(command)?.kind.kind),
    changes: 0,
    actor: null,
    code: error.code,
    message: error.message.slice(0, messageCharsMax),
  };
}

/** Refusals at apply name the position of their entry. */
function positionOf(details: Readonly<Record<string, unknown>>): {
  partition: number | null;
  index: number | null;
} {
  const { position } = details;
  const [at] = typeof position === 'string' ? parsePosition(position) : [];
  return { partition: at?.partition ?? null, index: at?.index ?? null };
}

/** The kind is the command's: a record's own field may have that name. */
function recordOf(
  details: Readonly<Record<string, unknown>>,
  kind: string | undefined,
): CommandFact['record'] {
  const record = details['record'] as { id?: unknown } | null | undefined;
  if (kind === undefined || typeof record?.id !== 'string') return null;
  return { kind, id: record.id };
}
