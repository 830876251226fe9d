import { Command, CommandRunner } from 'nest-commander';
import { UsageError } from '../exit-code.js';
import { ADMIN_COMMANDS } from './cluster/admin.commands.js';
import { AuditListCommand } from './cluster/audit.command.js';
import {
  CheckDigestCommand,
  CheckHealthCommand,
  CheckLagCommand,
} from './cluster/check.commands.js';
import {
  ClusterStatusCommand,
  NodeListCommand,
  PartitionDescribeCommand,
  PartitionListCommand,
} from './cluster/cluster.commands.js';
import {
  ProjectionListCommand,
  ProjectionRebuildCommand,
  ProjectionStatusCommand,
} from './cluster/projection.commands.js';
import { LogDumpCommand, LogVerifyCommand } from './log/log.commands.js';

type RunnerClass = new (...dependencies: never[]) => CommandRunner;

/** Nouns with the verbs that have classes of their own; the generated ones join them. */
const NOUNS: readonly [noun: string, description: string, verbs: readonly RunnerClass[]][] = [
  ['cluster', 'the cluster as a whole', [ClusterStatusCommand]],
  ['node', 'the running processes', [NodeListCommand]],
  ['member', 'who belongs to the cluster (not in this version)', []],
  ['partition', 'Raft groups', [PartitionListCommand, PartitionDescribeCommand]],
  [
    'projection',
    'read models in SQL',
    [ProjectionListCommand, ProjectionStatusCommand, ProjectionRebuildCommand],
  ],
  ['job', 'long work', []],
  ['dead-letter', 'events that a projection could not absorb', []],
  ['audit', 'who did what, and what was refused', [AuditListCommand]],
  ['backup', 'copies of the whole state (not in this version)', []],
  ['log', 'the log of a stopped node, read offline', [LogVerifyCommand, LogDumpCommand]],
  [
    'check',
    'for monitoring: exit code 7 if something is wrong',
    [CheckHealthCommand, CheckLagCommand, CheckDigestCommand],
  ],
];

const verbsOf = (noun: string, own: readonly RunnerClass[]): readonly RunnerClass[] => [
  ...own,
  ...(ADMIN_COMMANDS.get(noun) ?? []),
];

/** A class per noun, which only knows its verbs. */
export const GROUP_COMMANDS: readonly RunnerClass[] = NOUNS.map(([noun, description, own]) => {
  const verbs = verbsOf(noun, own);
  class NounCommand extends CommandRunner {
    override async run(args: string[]): Promise<void> {
      const names = this.command.commands.map((command) => command.name()).join(', ');
      const given = args[0] === undefined ? '' : `, not "${args[0]}"`;
      throw new UsageError(`metactl ${noun}: one of ${names}${given}`);
    }
  }
  Object.defineProperty(NounCommand, 'name', { value: `${noun}-group-command` });
  const subCommands = verbs as (new (...dependencies: unknown[]) => CommandRunner)[];
  Command({ name: noun, description, subCommands, arguments: '[verb]' })(NounCommand);
  return NounCommand;
});

export const VERB_COMMANDS: readonly RunnerClass[] = NOUNS.flatMap(([noun, , own]) =>
  verbsOf(noun, own),
);
