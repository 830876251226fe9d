import type { Subjects } from '@metad/contract';
import { MetadError, type ErrorBody } from '@metad/contract';
import type { NatsRequester } from '../../app/nats/nats-requester.js';

/** Asks another node's administration. Throws what it answers, NO_LEADER when nobody is there. */
export class PeerAdmin {
  constructor(
    private readonly requester: NatsRequester,
    private readonly subjects: Subjects,
  ) {}

  async ask<Reply>(
    node: string,
    noun: string,
    verb: string,
    body: object,
    timeoutMs = 2_000,
  ): Promise<Reply> {
    const subject = this.subjects.admin(node, noun, verb);
    const outcome = await this.requester.request(subject, JSON.stringify(body), timeoutMs);
    if (outcome.kind !== 'reply') {
      throw new MetadError('NO_LEADER', `node ${node} does not answer`, {
        node,
        nobody: outcome.kind === 'noResponders',
      });
    }
    const reply = JSON.parse(Buffer.from(outcome.message.data).toString()) as Reply | ErrorBody;
    if (typeof reply === 'object' && reply !== null && 'error' in reply) {
      const { code, message, details } = reply.error;
      throw new MetadError(code, message, details);
    }
    return reply;
  }
}
