import type { AppliedEntry } from '@metad/eventsourcing';
import type { Link, SpanContext, SpanOptions } from '@opentelemetry/api';
import { commandContext, parentContext } from './trace-context.js';
import { CommandTrace, type CommandMoments } from './command-trace.js';

/**
 * A span that is over when it is told of; `parent` null begins a trace. Times are on the
 * `performance.now()` clock. Returns its context.
 */
export type WriteSpan = (
  name: string,
  parent: SpanContext | null,
  endTime: number,
  options: SpanOptions & { readonly startTime: number; readonly failure?: string | null },
) => SpanContext;

/** Entries applied here whose rows are not written yet; the oldest are forgotten beyond it. */
const unprojectedMax = 20_000;

/**
 * Spans of commands: receive → propose → commit → apply on the leader, in the caller's trace, and
 * project on every node, in the command's own trace, whose id is the commandId
 * (docs/adr/0027-traces.md). Exists only where tracing is configured.
 */
export class Tracing {
  /** When each command was applied here. */
  private readonly unprojected = new Map<string, number>();

  constructor(
    private readonly write: WriteSpan,
    private readonly ratio: number,
    private readonly close: () => Promise<void>,
  ) {}

  /** A command has arrived, over NATS or HTTP; `traceparent` is empty without the header. */
  receive(traceparent: string): CommandTrace {
    return new CommandTrace(traceparent, (moments) => this.writeCommand(moments));
  }

  /** An entry was applied on this node. */
  applied({ commandId }: AppliedEntry): void {
    if (commandId === null || commandContext(commandId, this.ratio) === null) return;
    if (this.unprojected.size >= unprojectedMax) {
      const [oldest] = this.unprojected.keys();
      this.unprojected.delete(oldest ?? '');
    }
    this.unprojected.set(commandId, performance.now());
  }

  /** Their rows are in the tables of this node. */
  projected(entries: readonly AppliedEntry[]): void {
    const endTime = performance.now();
    for (const entry of entries) {
      const { commandId, command, partition, index } = entry;
      const startTime = commandId === null ? undefined : this.unprojected.get(commandId);
      if (commandId === null || startTime === undefined) continue;
      this.unprojected.delete(commandId);
      const attributes = attributesOf({ command: command ?? '', commandId, partition, index });
      this.write('project', commandContext(commandId, this.ratio), endTime, {
        startTime,
        attributes,
      });
    }
  }

  /** What has ended by then is sent. */
  shutdown(): Promise<void> {
    return this.close();
  }

  private writeCommand(moments: CommandMoments): void {
    const { commandId, receivedAt, proposedAt, committedAt, appliedAt, endedAt } = moments;
    const { error: failure } = moments;
    const own = commandId === null ? null : commandContext(commandId, this.ratio);
    const caller = parentContext(moments.traceparent);
    // Not one of those that are kept; or forwarded, and then the leader tells.
    if (caller === null && own === null && (commandId !== null || failure === null)) return;
    const links: Link[] = caller !== null && own !== null ? [{ context: own }] : [];
    const attributes = attributesOf(moments);
    const options = { kind: SERVER, startTime: receivedAt, attributes, links, failure };
    const received = this.write('receive', caller ?? own, endedAt, options);
    if (proposedAt === 0) return;
    const proposeEnd = appliedAt === 0 ? endedAt : appliedAt;
    const proposed = this.write('propose', received, proposeEnd, { startTime: proposedAt });
    if (committedAt === 0) return;
    this.write('commit', proposed, committedAt, { startTime: proposedAt });
    this.write('apply', proposed, proposeEnd, { startTime: committedAt });
  }
}

/** SpanKind.SERVER; the enumeration itself would load the library where tracing is off. */
const SERVER = 1;

function attributesOf(
  of: Pick<CommandMoments, 'command' | 'partition' | 'index'> & { commandId: string | null },
): Record<string, string | number> {
  const { command, commandId, partition, index } = of;
  if (commandId === null) return {};
  return {
    'metad.command': command,
    'metad.command_id': commandId,
    'metad.partition': partition,
    ...(index > 0 && { 'metad.index': index }),
  };
}
