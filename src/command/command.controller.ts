import { Controller, Inject } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { partitionId } from '@metad/foundation';
import type { Inbound, Outbound } from '../app/nats/inbound.js';
import { CommandService } from './command.service.js';

/**
 * Commands from NATS: `cmd.<namespace>.<Command>` at any node, `p.<partition>.cmd` at its leader.
 */
@Controller()
export class CommandController {
  constructor(@Inject(CommandService) private readonly commands: CommandService) {}

  @MessagePattern('command')
  atAnyNode(inbound: Inbound): Promise<Outbound> {
    const [, namespace = '', command = ''] = inbound.tokens;
    return this.commands.execute(namespace, command, inbound.data);
  }

  @MessagePattern('leader.command')
  atLeader(inbound: Inbound): Promise<Outbound> {
    const partition = partitionId(Number(inbound.tokens[1]));
    return this.commands.executeAsLeader(partition, inbound.data);
  }
}
