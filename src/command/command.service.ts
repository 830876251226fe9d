import { ALL_NAMESPACES, NAME_TOKEN, type CommandRequest } from '@metad/contract';
import type { PartitionId } from '@metad/foundation';
import type { Outbound, ReplyTo } from '../app/nats/inbound.js';
import type { Consensus } from '../consensus/consensus.js';
import { parseEnvelope } from './command-envelope.js';
import { CommandExchange, type CommandDoor, type RejectionListener } from './command-exchange.js';
import type { CommandForwarder } from './command-forwarder.js';
import type { CommandProposer } from './command-proposer.js';
import type { CommandRouter, RoutedCommand } from './command-router.js';
import { invalidArgument, parseRequestBody, type RequestBody } from './request-body.js';

/**
 * The way in: bytes → validated envelope → key → partition → leader. Never throws; what goes
 * wrong becomes an error reply, and nothing from outside can make it anything else.
 */
export class CommandService {
  private readonly listeners: RejectionListener[] = [];

  constructor(
    private readonly router: CommandRouter,
    private readonly consensus: Consensus,
    private readonly proposer: CommandProposer,
    private readonly forwarder: CommandForwarder,
    private readonly door: CommandDoor,
  ) {}

  /** `listener` hears of every command that this node refused or could not take. */
  onRejected(listener: RejectionListener): void {
    this.listeners.push(listener);
  }

  private readonly rejected: RejectionListener = (rejection) => {
    for (const listener of this.listeners) listener(rejection);
  };

  /** A command that reached any node; forwarded to the partition's leader at most once. */
  take(namespace: string, command: string, data: Uint8Array, to: ReplyTo): void {
    const exchange = this.exchange(to);
    exchange.name(namespace, command);
    try {
      const body = parseRequestBody(data, this.door.requestBytesMax);
      exchange.read(body);
      const routed = this.route(namespace, command, body);
      if (this.consensus.serves(routed.partition))
        this.proposer.propose(routed, body.body, exchange);
      else this.forward(routed, body, exchange);
    } catch (error) {
      exchange.fail(error);
    }
  }

  /** A command on the leader's own subject: names stand in the body, nothing is forwarded. */
  takeAsLeader(partition: PartitionId, data: Uint8Array, to: ReplyTo): void {
    const exchange = this.exchange(to);
    try {
      const body = parseRequestBody(data, this.door.requestBytesMax);
      exchange.read(body);
      const { namespace, command } = body.value;
      if (typeof namespace !== 'string' || typeof command !== 'string') {
        throw invalidArgument([
          { field: typeof namespace === 'string' ? 'command' : 'namespace', reason: 'is required' },
        ]);
      }
      exchange.name(namespace, command);
      const routed = this.route(namespace, command, body);
      this.router.mustBelongTo(partition, routed);
      this.proposer.propose(routed, body.body, exchange);
    } catch (error) {
      exchange.fail(error);
    }
  }

  /** `take` for whoever would rather wait: HTTP, where `actor` has proved who it is. */
  execute(
    namespace: string,
    command: string,
    data: Uint8Array,
    { actor, trace }: Pick<ReplyTo, 'actor' | 'trace'> = {},
  ): Promise<Outbound> {
    return new Promise((resolve) => {
      const answer = (outbound: Outbound): void => {
        trace?.end(outbound.error?.text ?? null);
        resolve(outbound);
      };
      this.take(namespace, command, data, { answer, actor: actor ?? null, trace: trace ?? null });
    });
  }

  private exchange(to: ReplyTo): CommandExchange {
    return new CommandExchange(this.door, this.rejected, to);
  }

  private forward(
    { partition, namespace, command }: RoutedCommand,
    body: RequestBody,
    exchange: CommandExchange,
  ): void {
    this.forwarder.forward(partition, 'command', { namespace, command }, body).then(
      (outbound) => exchange.pass(outbound),
      (error: unknown) => exchange.fail(error),
    );
  }

  private route(namespace: string, command: string, body: RequestBody): RoutedCommand {
    if (!NAME_TOKEN.test(namespace)) {
      const reason = 'must be 1 to 64 of A-Z a-z 0-9 _ -';
      throw invalidArgument([{ field: 'namespace', reason }]);
    }
    if (namespace === ALL_NAMESPACES) {
      const reason = `${namespace} spans all namespaces: a command is for one of them`;
      throw invalidArgument([{ field: 'namespace', reason }]);
    }
    const request = parseEnvelope(body.value);
    mustEqual('namespace', request, namespace);
    mustEqual('command', request, command);
    return this.router.route(namespace, command, request);
  }
}

/** A name may also stand in the body, but it must be the one in the subject. */
function mustEqual(field: 'namespace' | 'command', request: CommandRequest, name: string): void {
  const given = request[field];
  if (given === undefined || given === name) return;
  throw invalidArgument([{ field, reason: `differs from the subject's (${name})` }]);
}
