import { Controller, Inject } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { LIMITS } from '@metad/contract';
import { parseRequestBody } from '../command/request-body.js';
import type { Inbound, Outbound } from '../app/nats/inbound.js';
import { encodeReply } from '../app/nats/reply.js';
import { AdminRouter } from './admin-router.js';

/** Administration over NATS: tokens are `admin`, the node or `_any`, noun, verb. */
@Controller()
export class AdminController {
  constructor(@Inject(AdminRouter) private readonly router: AdminRouter) {}

  @MessagePattern('admin')
  async handle(inbound: Inbound): Promise<Outbound> {
    const [, , noun = '', verb = ''] = inbound.tokens;
    const { value, packetId } = parseRequestBody(inbound.data, LIMITS.requestBytesMax);
    return encodeReply(await this.router.execute(noun, verb, value), packetId);
  }
}
