import { readFileSync } from 'node:fs';
import { Command, Option } from 'nest-commander';
import { uuidV7 } from '@metad/client';
import type { CommandMeta, CommandReply, CommandRequest } from '@metad/contract';
import { UsageError } from '../exit-code.js';
import { parseAssignments, parseExpectation } from '../input/assignments.js';
import { patienceMsDefault } from '../sending/command-sender.js';
import type { Session, SessionOptions } from '../session/session.js';
import { ConnectedCommand, collect, timeoutOf } from './metactl-command.js';

interface CmdOptions extends SessionOptions {
  readonly namespace: string;
  readonly set?: string[];
  readonly file?: string;
  readonly expect?: string[];
  readonly dryRun?: boolean;
  readonly commandId?: string;
  readonly deadline?: string;
  readonly actor?: string;
  readonly reason?: string;
}

/** `metactl cmd AssignResource -n prod --set tenantId=acme resourceId=db-1 node=node-a`. */
@Command({
  name: 'cmd',
  arguments: '<Command>',
  description:
    'send a command and wait for its outcome; retried with the same id until it is known',
})
export class CmdCommand extends ConnectedCommand<CmdOptions> {
  protected async execute(
    { sender, printer }: Session,
    [command = '']: readonly string[],
    options: CmdOptions,
  ): Promise<void> {
    const commands = await sender({
      onRetry: ({ error, waitMs }) =>
        printer.note(`${error.message}; again in ${Math.round(waitMs)} ms`),
    });
    const { namespace, timeout } = options;
    const reply = await commands.send(namespace, command, requestOf(options), timeout);
    if (printer.format === 'table') printer.record(summaryOf(reply));
    else printer.value(reply);
  }

  @Option({ flags: '-n, --namespace <name>', description: 'tenant or environment', required: true })
  parseNamespace(text: string): string {
    return text;
  }

  @Option({ flags: '--set <pairs...>', description: 'data: key=text, key:=json, labels.zone=eu' })
  parseSet(text: string, before?: string[]): string[] {
    return collect(text, before);
  }

  @Option({ flags: '-f, --file <path>', description: 'data as a JSON file, - for stdin' })
  parseFile(text: string): string {
    return text;
  }

  @Option({ flags: '--expect <pairs...>', description: 'version=7, absent, exists, node=node-a' })
  parseExpect(text: string, before?: string[]): string[] {
    return collect(text, before);
  }

  @Option({
    flags: '--timeout <ms>',
    description: `for the command, retries included (default: ${patienceMsDefault})`,
  })
  parseTimeout(text: string): number {
    return timeoutOf(text);
  }

  @Option({ flags: '--dry-run', description: 'decide, but change nothing' })
  parseDryRun(): boolean {
    return true;
  }

  @Option({ flags: '--command-id <uuid>', description: 'send again what may have been lost' })
  parseCommandId(text: string): string {
    return text;
  }

  @Option({ flags: '--deadline <time>', description: 'ISO 8601; rejected when applied later' })
  parseDeadline(text: string): string {
    if (!Number.isNaN(Date.parse(text))) return text;
    throw new UsageError(`--deadline ${text}: write a time such as 2026-11-22T12:00:05Z`);
  }

  @Option({ flags: '--actor <name>', description: 'who does this, for history' })
  parseActor(text: string): string {
    return text;
  }

  @Option({ flags: '--reason <text>', description: 'why, for history' })
  parseReason(text: string): string {
    return text;
  }
}

function requestOf(options: CmdOptions): CommandRequest {
  const fromFile = options.file === undefined ? {} : readData(options.file);
  const data = { ...fromFile, ...parseAssignments('--set', options.set ?? []) };
  const meta: CommandMeta = {
    ...(options.actor !== undefined && { actor: options.actor }),
    ...(options.reason !== undefined && { reason: options.reason }),
  };
  return {
    commandId: options.commandId ?? uuidV7(Date.now()),
    data,
    ...(options.expect !== undefined && { expect: parseExpectation(options.expect) }),
    ...(options.deadline !== undefined && { deadline: options.deadline }),
    ...(Object.keys(meta).length > 0 && { meta }),
    ...(options.dryRun === true && { dryRun: true }),
  };
}

function readData(file: string): Record<string, unknown> {
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'));
  } catch (error) {
    throw new UsageError(`--file ${file}: ${(error as Error).message}`);
  }
  if (typeof data === 'object' && data !== null && !Array.isArray(data)) {
    return data as Record<string, unknown>;
  }
  throw new UsageError(`--file ${file}: must hold one JSON object, the command's data`);
}

function summaryOf(reply: CommandReply): Record<string, unknown> {
  const { outcome, version, fence, position, brief, events, record } = reply;
  return {
    outcome,
    version,
    ...(fence !== undefined && { fence }),
    position,
    ...(brief === true
      ? { brief: 'events and record are no longer kept' }
      : { events: events.map((event) => event.type) }),
    ...(record !== null && { record: JSON.stringify(record) }),
  };
}
