import { CommandRunner, Option, SubCommand } from 'nest-commander';
import { partitionId } from '@metad/foundation';
import { OUTPUT_FORMATS, Printer } from '../../output/printer.js';
import type { OutputFormat } from '../../output/printer.js';
import { oneOf } from '../metactl-command.js';
import { wholeNumber } from '../../input/whole-number.js';

// What reads a directory is loaded by the verbs that need it: without it metactl starts sooner.

interface LogFlags {
  readonly output?: OutputFormat;
}

/**
 * Verbs that read a node's data directory themselves: no cluster, no broker, nothing is changed.
 */
abstract class OfflineCommand extends CommandRunner {
  @Option({ flags: '-o, --output <format>', description: 'table, json or yaml (default: table)' })
  parseOutput(text: string): OutputFormat {
    return oneOf('--output', text, OUTPUT_FORMATS);
  }
}

interface VerifyFlags extends LogFlags {
  readonly cluster?: string;
  readonly node?: string;
}

/**
 * `metactl log verify data/n1`: exit code 7 if something is damaged, 1 if the node would refuse the
 * directory, or begin anew in it.
 */
@SubCommand({
  name: 'verify',
  arguments: '<data-dir>',
  description:
    'read every byte of a stopped node and its identity; say what its start would do, what to do ' +
    'next, and whether a process runs there',
})
export class LogVerifyCommand extends OfflineCommand {
  override async run([directory = '']: string[], flags: VerifyFlags = {}): Promise<void> {
    const { output, ...owner } = flags;
    const { printVerdictOn } = await import('./log-verdict.js');
    await printVerdictOn({ ...owner, directory }, new Printer(output ?? 'table'));
  }

  @Option({ flags: '--cluster <name>', description: 'refuse the directory of another cluster' })
  parseCluster(text: string): string {
    return text;
  }

  @Option({ flags: '--node <name>', description: 'refuse the directory of another node' })
  parseNode(text: string): string {
    return text;
  }
}

interface DumpFlags extends LogFlags {
  readonly partition?: number;
}

/** `metactl log dump data/n1 --partition 3`: a line of JSON for every record, in writing order. */
@SubCommand({
  name: 'dump',
  arguments: '<data-dir>',
  description: 'every record of a stopped node, one line of JSON each',
})
export class LogDumpCommand extends CommandRunner {
  override async run([directory = '']: string[], flags: DumpFlags = {}): Promise<void> {
    const { partition } = flags;
    const only = partition === undefined ? {} : { partition: partitionId(partition) };
    const { recordTexts } = await import('./record-text.js');
    for (const text of recordTexts({ directory, ...only })) process.stdout.write(`${text}\n`);
  }

  @Option({ flags: '--partition <n>', description: 'only this one' })
  parsePartition(text: string): number {
    return wholeNumber('--partition', text, 0, 1_000_000);
  }
}
