import { UsageError } from '../../exit-code.js';
import { wholeNumber } from '../../input/whole-number.js';

/** Which nodes an administrative verb goes to when `--node` does not say. */
export type Target = 'any' | 'each' | 'first-argument';

/** A verb whose request follows from its arguments and whose answer is printed as it is. */
export interface AdminVerb {
  readonly noun: string;
  readonly verb: string;
  readonly description: string;
  readonly target: Target;
  /** As commander writes them: `<partition> <to>`. */
  readonly arguments?: string;
  body?(args: readonly string[]): object;
  /** The service's own noun and verb, where they differ. */
  readonly act?: { readonly noun: string; readonly verb: string };
  /** For verbs that come later: what to do where the service does not have them yet. */
  readonly untilThen?: string;
}

const MEMBERS_UNTIL_THEN =
  'the members are those that METAD_MEMBERS named at the first start; a node whose disk is lost ' +
  'is not let in with an empty one, as it may have voted: the others go on, as a majority can';
const RANGES_UNTIL_THEN =
  'there are as many partitions as METAD_PARTITIONS said at the first start; partition transfer ' +
  'spreads their leaders';
const BACKUP_UNTIL_THEN =
  'every node has a copy of everything; the data directory of a stopped node can be copied, and ' +
  'log verify checks the copy, but an old copy must not be started beside the others: it has ' +
  'forgotten what it voted and acknowledged since';

const partitionNumber = (text = ''): number => wholeNumber('<partition>', text, 0, 1_000_000);

function rangeOf(text = ''): number {
  return wholeNumber('<point>', text, 0, 2 ** 31 - 1);
}

function fileOf(args: readonly string[]): { path: string } {
  const [path] = args;
  if (path === undefined || path === '') throw new UsageError('a path on the node is needed');
  return { path };
}

/** One row per verb: metactl's nouns and verbs are the service's. */
export const ADMIN_VERBS: readonly AdminVerb[] = [
  {
    noun: 'node',
    verb: 'drain',
    arguments: '<name>',
    target: 'first-argument',
    description: 'move leadership away and refuse new work, before stopping it',
  },
  {
    noun: 'node',
    verb: 'undrain',
    arguments: '<name>',
    target: 'first-argument',
    description: 'let a drained node lead again',
  },
  {
    noun: 'node',
    verb: 'log-level',
    arguments: '<name> <level>',
    target: 'first-argument',
    description: 'how much a node logs until it starts again: trace, debug, info, warn, error …',
    body: ([, level]) => ({ level }),
    act: { noun: 'log-level', verb: 'set' },
  },
  {
    noun: 'member',
    verb: 'add',
    arguments: '<node>',
    target: 'any',
    untilThen: MEMBERS_UNTIL_THEN,
    description: 'add a node as a learner',
    body: ([node]) => ({ node }),
  },
  {
    noun: 'member',
    verb: 'promote',
    arguments: '<node>',
    target: 'any',
    untilThen: MEMBERS_UNTIL_THEN,
    description: 'let a learner that has caught up vote',
    body: ([node]) => ({ node }),
  },
  {
    noun: 'member',
    verb: 'remove',
    arguments: '<node>',
    target: 'any',
    untilThen: MEMBERS_UNTIL_THEN,
    description: 'take a node out of every partition',
    body: ([node]) => ({ node }),
  },
  {
    noun: 'partition',
    verb: 'transfer',
    arguments: '<partition> <to>',
    target: 'any',
    description: 'hand leadership of a partition to a node',
    body: ([partition, to]) => ({ partition: partitionNumber(partition), to }),
  },
  {
    noun: 'partition',
    verb: 'split',
    arguments: '<partition> [point]',
    target: 'any',
    untilThen: RANGES_UNTIL_THEN,
    description: 'cut a partition in two, in its middle or at a point',
    body: ([partition, at]) => ({
      partition: partitionNumber(partition),
      ...(at !== undefined && { at: rangeOf(at) }),
    }),
  },
  {
    noun: 'partition',
    verb: 'merge',
    arguments: '<partition> <with>',
    target: 'any',
    untilThen: RANGES_UNTIL_THEN,
    description: 'join two neighbouring partitions',
    body: ([partition, other]) => ({
      partition: partitionNumber(partition),
      with: partitionNumber(other),
    }),
  },
  ...(['pause', 'resume', 'activate', 'rollback', 'verify'] as const).map((verb): AdminVerb => ({
    noun: 'projection',
    verb,
    arguments: '<name>',
    target: 'each',
    description: {
      pause: 'stop absorbing events; the log waits within its budget',
      resume: 'go on absorbing events',
      activate: 'make the rebuilt version the live one',
      rollback: 'go back to the version before',
      verify: 'compare the rows with the state machine',
    }[verb],
    body: ([name]) => ({ name }),
  })),
  {
    noun: 'job',
    verb: 'list',
    target: 'each',
    description: 'long work of every node: rebuilds and verifications of projections',
  },
  {
    noun: 'job',
    verb: 'show',
    arguments: '<jobId>',
    target: 'each',
    description: 'how far a job is',
    body: ([jobId]) => ({ jobId }),
  },
  {
    noun: 'job',
    verb: 'cancel',
    arguments: '<jobId>',
    target: 'each',
    description: 'stop a job; what it made is removed',
    body: ([jobId]) => ({ jobId }),
  },
  {
    noun: 'dead-letter',
    verb: 'list',
    target: 'each',
    description: 'keys that a projection has parked',
  },
  ...(['show', 'retry', 'skip'] as const).map((verb): AdminVerb => ({
    noun: 'dead-letter',
    verb,
    arguments: '<id>',
    target: 'each',
    description: {
      show: 'one parked key with its error and the events behind it',
      retry: 'hand its events to the projection again',
      skip: 'drop its events for good',
    }[verb],
    body: ([id]) => ({ id }),
  })),
  {
    noun: 'backup',
    verb: 'create',
    arguments: '<path>',
    target: 'any',
    untilThen: BACKUP_UNTIL_THEN,
    description: 'write a consistent backup to a folder of the node',
    body: fileOf,
  },
  {
    noun: 'backup',
    verb: 'verify',
    arguments: '<path>',
    target: 'any',
    untilThen: BACKUP_UNTIL_THEN,
    description: 'read a backup and check every checksum',
    body: fileOf,
  },
  {
    noun: 'backup',
    verb: 'restore',
    arguments: '<path>',
    target: 'any',
    untilThen: BACKUP_UNTIL_THEN,
    description: 'replace the state by a backup, under a new incarnation',
    body: fileOf,
  },
];
