import { MetadError, NAME_TOKEN, type Subjects } from '@metad/contract';
import type { AdminRouter } from '../admin/admin-router.js';
import type { Outbound } from '../app/nats/inbound.js';
import type { NatsRequester } from '../app/nats/nats-requester.js';
import { encodeReply } from '../app/nats/reply.js';
import { invalidArgument, parseRequestBody } from '../command/request-body.js';

const timeoutMs = 30_000;
const ANY = '_any';

/** Administration by HTTP: acts of this node here, those of another through the broker. */
export class AdminGate {
  constructor(
    private readonly router: AdminRouter,
    private readonly requester: NatsRequester,
    private readonly subjects: Subjects,
    private readonly node: string,
    private readonly bytesMax: number,
  ) {}

  names(): readonly string[] {
    return this.router.names();
  }

  /** Throws what the act throws; NOT_FOUND when no node of that name is there. */
  async execute(
    node: string,
    noun: string,
    verb: string,
    data: Uint8Array,
    actor: string | null = null,
  ): Promise<Outbound> {
    if (node === ANY || node === this.node) {
      const { value, packetId } = parseRequestBody(data, this.bytesMax);
      const caller = { via: 'http', actor } as const;
      return encodeReply(await this.router.execute(noun, verb, value, caller), packetId);
    }
    for (const [field, text] of Object.entries({ node, noun, verb })) {
      const reason = 'must be 1 to 64 of A-Z a-z 0-9 _ -';
      if (!NAME_TOKEN.test(text)) throw invalidArgument([{ field, reason }]);
    }
    const outbound = await this.ask(node, this.subjects.admin(node, noun, verb), data);
    if (!this.router.onlyReads(noun, verb)) {
      const [outcome = 'done'] = outbound.error?.text.split(':', 1) ?? [];
      this.router.report({ via: 'http', actor, noun, verb, body: { node }, outcome });
    }
    return outbound;
  }

  private async ask(node: string, subject: string, data: Uint8Array): Promise<Outbound> {
    const outcome = await this.requester.request(subject, data, timeoutMs);
    if (outcome.kind === 'noResponders') {
      throw new MetadError('NOT_FOUND', `no node ${node} answers`, { node });
    }
    if (outcome.kind === 'timeout') {
      throw new MetadError('OUTCOME_UNKNOWN', `node ${node} did not answer in time`, { node });
    }
    const { data: payload, headers } = outcome.message;
    const text = headers?.get('Nats-Service-Error') ?? '';
    const status = Number(headers?.get('Nats-Service-Error-Code') ?? 0);
    return { payload, error: text === '' ? null : { text, status } };
  }
}
