import { Module } from '@nestjs/common';
import { CmdCommand } from './commands/cmd.command.js';
import { GROUP_COMMANDS, VERB_COMMANDS } from './commands/groups.js';
import { ListCommand } from './commands/list.command.js';
import {
  AnyQueryCommand,
  AsOfCommand,
  GetCommand,
  HistoryCommand,
  ResolveCommand,
} from './commands/query.commands.js';

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
    ...GROUP_COMMANDS,
    ...VERB_COMMANDS,
  ],
})
export class MetactlModule {}
