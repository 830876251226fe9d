import { MetadError, type ErrorBody, type Subjects } from '@metad/contract';
import type { PartitionId } from '@metad/foundation';
import type { NatsRequester } from '../app/nats/nats-requester.js';
import type { Outbound } from '../app/nats/inbound.js';
import { unknownError } from '../consensus/proposal-outcome.js';
import { encodeReply } from '../app/nats/reply.js';
import type { RequestBody } from './request-body.js';

const retryAfterMs = 100;

/** Hands a request to the partition's leader, once: a second try is the client's to make. */
export class CommandForwarder {
  constructor(
    private readonly requester: NatsRequester,
    private readonly subjects: Subjects,
    private readonly timeoutMs: number,
  ) {}

  /**
   * `command` is the leader's `p.<partition>.cmd`, `query` its `p.<partition>.query`. Throws
   * NO_LEADER when nobody listens there (surely not received), OUTCOME_UNKNOWN without an answer.
   */
  async forward(
    partition: PartitionId,
    kind: 'command' | 'query',
    names: Readonly<Record<string, string>>,
    request: RequestBody,
  ): Promise<Outbound> {
    const { leaderCommand, leaderQuery } = this.subjects;
    const subject = kind === 'command' ? leaderCommand(partition) : leaderQuery(partition);
    const payload = withNames(request.body, names);
    const outcome = await this.requester.request(subject, payload, this.timeoutMs);
    if (outcome.kind === 'noResponders') throw noLeader(partition);
    if (outcome.kind === 'timeout') throw unknownError(partition, 'the leader did not answer');
    const { data, headers } = outcome.message;
    const failed = headers?.get('Nats-Service-Error') ?? '';
    return answer(Buffer.from(data.buffer, data.byteOffset, data.length), failed, request.packetId);
  }
}

/** Adds names in front of the other fields without parsing the body again. */
function withNames(body: Uint8Array, names: Readonly<Record<string, string>>): Uint8Array {
  const head = JSON.stringify(names);
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8');
  const rest = text.slice(text.indexOf('{') + 1).trimStart();
  return Buffer.from(`${head.slice(0, -1)}${rest.startsWith('}') ? '' : ','}${rest}`);
}

function answer(payload: Buffer, failed: string, packetId: string | null): Outbound {
  if (packetId === null && failed === '') return { payload, error: null };
  const body = JSON.parse(payload.toString('utf8')) as unknown;
  if (failed === '') return encodeReply(body, packetId);
  const { status } = (body as ErrorBody).error;
  if (packetId === null) return { payload, error: { text: failed, status } };
  const wrapped = { id: packetId, err: (body as ErrorBody).error, isDisposed: true };
  return { payload: JSON.stringify(wrapped), error: { text: failed, status } };
}

const noLeader = (partition: PartitionId): MetadError =>
  new MetadError('NO_LEADER', 'this partition has no leader now; retry', {
    partition,
    leader: null,
    retryAfterMs,
  });
