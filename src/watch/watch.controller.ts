import { Controller, Inject } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { Inbound, Outbound } from '../app/nats/inbound.js';
import { WatchService } from './watch.service.js';

/** Watches from NATS: `watch.<namespace>` at any node, which then serves the watch. */
@Controller()
export class WatchController {
  constructor(@Inject(WatchService) private readonly watches: WatchService) {}

  @MessagePattern('watch')
  handle(inbound: Inbound): Outbound {
    return this.watches.execute(inbound.tokens[1] ?? '', inbound.data);
  }
}
