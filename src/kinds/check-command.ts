import { LIMITS, MetadError } from '@metad/contract';
import type { FieldFault } from '@metad/contract';
import type { z } from 'zod';
import { expectationFaults } from './expectation-faults.js';
import type { Routing } from './kind.js';
import type { KindRegistry, RegisteredCommand } from './kind-registry.js';

/** The command that holds others; it belongs to no kind. */
export const BATCH = 'Batch';

/** A command whose form has been checked, and what it means for its way through the service. */
export interface CheckedCommand {
  readonly partition: number;
  /** False for removals, which are admitted also over quota and on a nearly full disk. */
  readonly grows: boolean;
  /** One for a plain command, in order for a batch. */
  readonly steps: readonly CheckedStep[];
}

export interface CheckedStep {
  readonly registered: RegisteredCommand;
  readonly data: Data;
}

type Data = Readonly<Record<string, unknown>>;
type PartitionOf = (routing: Routing) => number;

/**
 * Checks the data of a command or a batch and finds its partition. Pure.
 *
 * Throws INVALID_ARGUMENT with every faulty field, UNKNOWN_COMMAND, TOO_LARGE beyond
 * `batchCommandsMax`, and CROSS_PARTITION with the partition of every key.
 */
export function checkCommand(
  registry: KindRegistry,
  namespace: string,
  command: string,
  request: { readonly data: Data; readonly expect?: unknown },
  partitionOf: PartitionOf,
): CheckedCommand {
  if (command === BATCH) return checkBatch(registry, namespace, request, partitionOf);
  const registered = registry.command(command);
  if (registered === null) throw unknownCommand(registry, command);
  const { definition } = registered;
  const { data } = request;
  const faults = dataFaults(registered, data, 'data');
  if (definition.report !== undefined && request.expect !== undefined) {
    faults.push({ field: 'expect', reason: `is not possible with ${command}` });
  }
  refuseIf(faults);
  const partition = partitionOf(definition.routing(namespace, data));
  return { partition, grows: definition.grows, steps: [{ registered, data }] };
}

function checkBatch(
  registry: KindRegistry,
  namespace: string,
  request: { readonly data: Data; readonly expect?: unknown },
  partitionOf: PartitionOf,
): CheckedCommand {
  const commands = batchOf(request);
  const faults: FieldFault[] = [];
  const steps = commands.map((one, at) => checkStep(registry, one, at, faults));
  refuseIf(faults);
  const checked = steps as CheckedStep[];
  const keys = checked.map(({ registered: { definition }, data }, at) => {
    const routing = definition.routing(namespace, data);
    return { at, command: definition.name, key: routing.key, partition: partitionOf(routing) };
  });
  const partition = keys[0]?.partition ?? 0;
  if (keys.some((key) => key.partition !== partition)) {
    const message = 'a batch lies in one partition; send one batch for each partition';
    throw new MetadError('CROSS_PARTITION', message, { keys });
  }
  const grows = checked.some(({ registered }) => registered.definition.grows);
  return { partition, grows, steps: checked };
}

function batchOf(request: { readonly data: Data; readonly expect?: unknown }): unknown[] {
  const { commands, ...others } = request.data;
  const faults: FieldFault[] = Object.keys(others).map((name) => unknownField(`data.${name}`));
  if (request.expect !== undefined) {
    faults.push({ field: 'expect', reason: 'belongs to each command of a batch' });
  }
  if (!Array.isArray(commands) || commands.length === 0) {
    faults.push({ field: 'data.commands', reason: 'must be a list of at least one command' });
  }
  refuseIf(faults);
  const max = LIMITS.batchCommandsMax;
  const list = commands as unknown[];
  if (list.length <= max) return list;
  const message = `the batch has ${list.length} commands; batchCommandsMax is ${max}`;
  throw new MetadError('TOO_LARGE', message, { limit: 'batchCommandsMax', max });
}

function checkStep(
  registry: KindRegistry,
  one: unknown,
  at: number,
  faults: FieldFault[],
): CheckedStep | null {
  const path = `data.commands.${at}`;
  if (!isObject(one)) {
    faults.push({ field: path, reason: 'must be an object' });
    return null;
  }
  const { command, data, expect, ...others } = one;
  for (const name of Object.keys(others)) faults.push(unknownField(`${path}.${name}`));
  const registered = typeof command === 'string' ? registry.command(command) : null;
  if (registered === null && typeof command === 'string' && command !== BATCH) {
    throw unknownCommand(registry, command, { at });
  }
  if (registered === null || registered.definition.report !== undefined) {
    faults.push({ field: `${path}.command`, reason: 'is not a command that a batch can hold' });
    return null;
  }
  if (expect !== undefined) {
    for (const { path: inner, reason } of expectationFaults(expect)) {
      faults.push({ field: [path, 'expect', ...inner].join('.'), reason });
    }
  }
  faults.push(...dataFaults(registered, data, `${path}.data`));
  return { registered, data: data as Data };
}

/** Every fault of a command's data, by path from the request's root; at most 20. */
function dataFaults({ definition }: RegisteredCommand, data: unknown, path: string): FieldFault[] {
  if (definition.plain?.(data) === true) return [];
  const parsed = definition.schema.safeParse(data);
  return parsed.success ? [] : faultsOf(parsed.error, path);
}

const faultsMax = 20;

function faultsOf(error: z.ZodError, prefix: string): FieldFault[] {
  return error.issues.slice(0, faultsMax).flatMap((issue) => {
    const field = [prefix, ...issue.path.map(String)].join('.');
    if (issue.code !== 'unrecognized_keys') return [{ field, reason: issue.message }];
    return issue.keys.map((key) => unknownField(`${field}.${key}`));
  });
}

function refuseIf(faults: readonly FieldFault[]): void {
  if (faults.length === 0) return;
  const message = faults.map(({ field, reason }) => `${field} ${reason}`).join('; ');
  throw new MetadError('INVALID_ARGUMENT', message, { faults: faults.slice(0, faultsMax) });
}

/** `at`: its place in a batch. */
function unknownCommand(
  registry: KindRegistry,
  command: string,
  place: { readonly at?: number } = {},
): MetadError {
  const known = [...registry.commandNames(), BATCH];
  const message = `there is no command ${command.slice(0, 64)}`;
  return new MetadError('UNKNOWN_COMMAND', message, { ...place, known });
}

const unknownField = (field: string): FieldFault => ({ field, reason: 'is not a known field' });

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
