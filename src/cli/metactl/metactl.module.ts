import { Module } from '@nestjs/common';
import { BenchCommand } from './commands/bench.command.js';
import { CmdCommand } from './commands/cmd.command.js';
import { CompletionCommand } from './commands/completion.command.js';
import { GROUP_COMMANDS, VERB_COMMANDS } from './commands/groups.js';
import { ListCommand } from './commands/read/list.command.js';
import {
  AnyQueryCommand,
  AsOfCommand,
  GetCommand,
  HistoryCommand,
  ResolveCommand,
} from './commands/read/query.commands.js';

import { ExportCommand } from './commands/transfer/export.command.js';
import { ImportCommand } from './commands/transfer/import.command.js';
import { WatchCommand } from './commands/watch.command.js';

/** Every verb of metactl. */
@Module({
  providers: [
    CmdCommand,
    GetCommand,
    ListCommand,
    ResolveCommand,
    HistoryCommand,
    AsOfCommand,
    AnyQueryCommand,
    WatchCommand,
    ImportCommand,
    ExportCommand,
    ...GROUP_COMMANDS,
    ...VERB_COMMANDS,
    BenchCommand,
    CompletionCommand,
  ],
})
export class MetactlModule {}
