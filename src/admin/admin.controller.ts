import { Controller, Inject } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { LIMITS } from '@metad/contract';
import { asMetadError } from '../command/command-exchange.js';
import { parseRequestBody } from '../command/request-body.js';
import type { Inbound, Outbound } from '../app/nats/inbound.js';
import { encodeError, encodeReply } from '../app/nats/reply.js';
import { AdminRouter } from './admin-router.js';

/** What a caller calls itself, for the audit; NATS itself does not tell who publishes. */
export const ACTOR_HEADER = 'Metad-Actor';

/** Administration over NATS: tokens are `admin`, the node or `_any`, noun, verb. */
@Controller()
export class AdminController {
  constructor(@Inject(AdminRouter) private readonly router: AdminRouter) {}

  @MessagePattern('admin')
  async handle(inbound: Inbound): Promise<Outbound> {
    const [, , noun = '', verb = ''] = inbound.tokens;
    let packetId: string | null = null;
    try {
      const body = parseRequestBody(inbound.data, LIMITS.requestBytesMax);
      packetId = body.packetId;
      const actor = inbound.headers?.get(ACTOR_HEADER) || null;
      const caller = { via: 'nats', actor } as const;
      return encodeReply(await this.router.execute(noun, verb, body.value, caller), packetId);
    } catch (error) {
      return encodeError(asMetadError(error), packetId);
    }
  }
}
