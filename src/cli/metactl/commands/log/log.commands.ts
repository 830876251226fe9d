import { CommandRunner, Option, SubCommand } from 'nest-commander';
import { partitionId } from '@metad/foundation';
import { dumpLog, verifyLog } from '@metad/raft';
import type { DumpedRecord } from '@metad/raft';
import { Degraded } from '../../exit-code.js';
import { OUTPUT_FORMATS, Printer } from '../../output/printer.js';
import type { OutputFormat } from '../../output/printer.js';
import { field } from '../../output/table.js';
import { oneOf, wholeNumber } from '../metactl-command.js';
import { describeEntry } from './entry-text.js';

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

const PARTITION_COLUMNS = [
  field('partition', 'partition', 'right'),
  field('state'),
  field('first', 'firstIndex', 'right'),
  field('last', 'lastIndex', 'right'),
  field('snapshot', 'snapshotIndex', 'right'),
  field('hard state', 'hardState'),
  field('reason'),
];

/** `metactl log verify data/n1`: exit code 7 if the log is damaged. */
@SubCommand({
  name: 'verify',
  arguments: '<data-dir>',
  description: 'read every record of a stopped node and check every checksum',
})
export class LogVerifyCommand extends OfflineCommand {
  override async run([directory = '']: string[], flags: LogFlags = {}): Promise<void> {
    const printer = new Printer(flags.output ?? 'table');
    const verdict = verifyLog({ directory });
    const { cluster, node, sound, records, segments, partitions, findings, actions } = verdict;
    if (printer.format !== 'table') printer.value(verdict);
    else {
      printer.record({ cluster, node, sound, records, segments: segments.length });
      printer.text('');
      printer.rows(partitions as unknown as Record<string, unknown>[], PARTITION_COLUMNS);
      for (const finding of findings) printer.text(`found: ${finding}`);
      for (const action of actions) printer.text(`a start would: ${action}`);
    }
    if (!sound) throw new Degraded(`the log in ${directory} is damaged`);
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
    for (const record of dumpLog({ directory, ...only })) {
      process.stdout.write(`${JSON.stringify(shown(record))}\n`);
    }
  }

  @Option({ flags: '--partition <n>', description: 'only this one' })
  parsePartition(text: string): number {
    return wholeNumber('--partition', text, 0, 1_000_000);
  }
}

function shown(record: DumpedRecord): Record<string, unknown> {
  const { entries, hardState, standing, ...rest } = record;
  return {
    ...rest,
    ...(hardState !== null && { hardState }),
    ...(standing !== null && { standing }),
    ...(entries !== null && { entries: entries.map(describeEntry) }),
  };
}
