import { partitionId } from '@metad/foundation';
import type { DirectHandler, Inbound, ReplyTo } from '../app/nats/inbound.js';
import type { CommandService } from './command.service.js';

/** Commands on `cmd.<namespace>.<Command>`, at any node. */
export class CommandHandler implements DirectHandler {
  constructor(private readonly commands: CommandService) {}

  handle({ tokens, data }: Inbound, to: ReplyTo): void {
    this.commands.take(tokens[1] ?? '', tokens[2] ?? '', data, to);
  }
}

/** Commands on `p.<partition>.cmd`, at its leader. */
export class LeaderCommandHandler implements DirectHandler {
  constructor(private readonly commands: CommandService) {}

  handle({ tokens, data }: Inbound, to: ReplyTo): void {
    this.commands.takeAsLeader(partitionId(Number(tokens[1])), data, to);
  }
}
