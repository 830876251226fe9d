import { MetadError, NAME_TOKEN, type CommandRequest } from '@metad/contract';
import type { PartitionId } from '@metad/foundation';
import type { Outbound } from '../app/nats/inbound.js';
import { encodeError, encodeReply } from '../app/nats/reply.js';
import type { Consensus } from '../consensus/consensus.js';
import type { CommandForwarder } from './command-forwarder.js';
import type { CommandProposer } from './command-proposer.js';
import type { CommandRouter, RoutedCommand } from './command-router.js';
import { parseEnvelope } from './command-envelope.js';
import { invalidArgument, parseRequestBody, type RequestBody } from './request-body.js';

/** Counts a command that this node led to its end; `startedAt` on the `performance.now()` clock. */
export type CommandMeter = (command: string, outcome: string, startedAt: number) => void;

/**
 * The way in: bytes → validated envelope → key → partition → leader. Never throws; what goes
 * wrong becomes an error reply, and nothing from outside can make it anything else.
 */
export class CommandService {
  constructor(
    private readonly router: CommandRouter,
    private readonly consensus: Consensus,
    private readonly proposer: CommandProposer,
    private readonly forwarder: CommandForwarder,
    private readonly requestBytesMax: number,
    private readonly meter: CommandMeter,
  ) {}

  /** A command that reached any node; forwarded to the partition's leader at most once. */
  async execute(namespace: string, command: string, data: Uint8Array): Promise<Outbound> {
    let packetId: string | null = null;
    try {
      const body = parseRequestBody(data, this.requestBytesMax);
      packetId = body.packetId;
      const routed = this.route(namespace, command, body);
      if (this.consensus.serves(routed.partition)) return await this.propose(routed, body);
      const names = { namespace, command };
      return await this.forwarder.forward(routed.partition, 'command', names, body);
    } catch (error) {
      return encodeError(asMetadError(error), packetId);
    }
  }

  /** A command on the leader's own subject: names stand in the body, nothing is forwarded. */
  async executeAsLeader(partition: PartitionId, data: Uint8Array): Promise<Outbound> {
    let packetId: string | null = null;
    try {
      const body = parseRequestBody(data, this.requestBytesMax);
      packetId = body.packetId;
      const { namespace, command } = body.value;
      if (typeof namespace !== 'string' || typeof command !== 'string') {
        throw invalidArgument([
          { field: typeof namespace === 'string' ? 'command' : 'namespace', reason: 'is required' },
        ]);
      }
      const routed = this.route(namespace, command, body);
      this.router.mustBelongTo(partition, routed);
      return await this.propose(routed, body);
    } catch (error) {
      return encodeError(asMetadError(error), packetId);
    }
  }

  private route(namespace: string, command: string, body: RequestBody): RoutedCommand {
    if (!NAME_TOKEN.test(namespace)) {
      const reason = 'must be 1 to 64 of A-Z a-z 0-9 _ -';
      throw invalidArgument([{ field: 'namespace', reason }]);
    }
    const request = parseEnvelope(body.value);
    mustEqual('namespace', request, namespace);
    mustEqual('command', request, command);
    return this.router.route(namespace, command, request);
  }

  private async propose(routed: RoutedCommand, body: RequestBody): Promise<Outbound> {
    const startedAt = performance.now();
    try {
      const reply = await this.proposer.propose(routed, body.body);
      this.meter(routed.command, reply.outcome, startedAt);
      return encodeReply(reply, body.packetId);
    } catch (error) {
      this.meter(routed.command, asMetadError(error).code, startedAt);
      throw error;
    }
  }
}

/** A name may also stand in the body, but it must be the one in the subject. */
function mustEqual(field: 'namespace' | 'command', request: CommandRequest, name: string): void {
  const given = request[field];
  if (given === undefined || given === name) return;
  throw invalidArgument([{ field, reason: `differs from the subject's (${name})` }]);
}

/** What is no MetadError is a fault of this program: the caller may conclude nothing from it. */
export function asMetadError(error: unknown): MetadError {
  if (error instanceof MetadError) return error;
  const fault = new MetadError('OUTCOME_UNKNOWN', 'internal fault; retry with the same commandId');
  fault.cause = error; // For the log of this node, not for the caller.
  return fault;
}
