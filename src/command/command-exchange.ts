import { readReply } from '@metad/client';
import type { CommandReply } from '@metad/contract';
import { MetadError } from '@metad/contract';
import type { NodeName } from '@metad/foundation';
import type { DropReason, ProposalObserver } from '@metad/raft';
import type { Outbound, ReplyTo } from '../app/nats/inbound.js';
import { encodeError, encodeReply, encodeReplyText } from '../app/nats/reply.js';
import type { CommandTrace } from '../app/telemetry/tracing/command-trace.js';
import { droppedError, unknownError } from '../consensus/proposal-outcome.js';
import {
  replyName,
  replyParts,
  toError,
  type Accepted,
  type ApplyResult,
  type PositionScope,
} from '../decide/index.js';
import type { KindRegistry } from '../kinds/index.js';
import type { RoutedCommand } from './command-router.js';
import type { RequestBody } from './request-body.js';

/** Counts a command that this node led to its end; `startedAt` on the `performance.now()` clock. */
export type CommandMeter = (command: string, outcome: string, startedAt: number) => void;

/**
 * A command that was refused; from status 500 on, one that could not be done, or whose outcome is
 * unknown. What its body said, if it could be read.
 */
export interface CommandRejection {
  readonly namespace: string;
  readonly command: string;
  readonly body: Readonly<Record<string, unknown>> | null;
  readonly error: MetadError;
  /** Proved by HTTP; null over NATS. */
  readonly actor: string | null;
}

/** Must not throw. */
export type RejectionListener = (rejection: CommandRejection) => void;

/** What all exchanges of a node have in common. */
export interface CommandDoor {
  readonly kinds: KindRegistry;
  readonly requestBytesMax: number;
  readonly meter: CommandMeter;
}

/**
 * One command on its way from a request to its answer. Most of them wait for consensus, thousands
 * at a time: one object each, and no promise. Answers once.
 */
export class CommandExchange implements ProposalObserver {
  private namespace = '';
  private command = '';
  private body: RequestBody | null = null;
  private routed: RoutedCommand | null = null;
  private scope: PositionScope | null = null;
  private startedAt = 0;

  constructor(
    private readonly door: CommandDoor,
    private readonly rejected: RejectionListener,
    private readonly to: ReplyTo,
  ) {}

  get trace(): CommandTrace | null {
    return this.to.trace ?? null;
  }

  name(namespace: string, command: string): void {
    this.namespace = namespace;
    this.command = command;
  }

  read(body: RequestBody): void {
    this.body = body;
  }

  /** From here on its end is counted. */
  begin(routed: RoutedCommand, scope: PositionScope): void {
    this.routed = routed;
    this.scope = scope;
    this.startedAt = performance.now();
  }

  applied(result: unknown): void {
    // The caller is the node that has just applied the entry: no fault of an answer is its own.
    try {
      const scope = this.scope as PositionScope;
      const applied = result as ApplyResult;
      if (!applied.outcome.accepted) this.fail(toError(applied.outcome, scope, this.door.kinds));
      else this.answer(applied.outcome, applied.duplicate, scope);
    } catch (fault) {
      this.fail(fault);
    }
  }

  dropped(reason: DropReason, leader: NodeName | null): void {
    this.fail(droppedError((this.scope as PositionScope).partition, reason, leader));
  }

  unknown(reason: string): void {
    this.fail(unknownError((this.scope as PositionScope).partition, reason));
  }

  private answer(outcome: Accepted, duplicate: boolean, scope: PositionScope): void {
    this.count(replyName(outcome, duplicate));
    const parts = replyParts(outcome, duplicate, scope, this.door.kinds);
    this.to.answer(encodeReplyText(parts, this.body?.packetId ?? null));
  }

  reply(reply: CommandReply): void {
    this.count(reply.outcome);
    this.to.answer(encodeReply(reply, this.body?.packetId ?? null));
  }

  fail(fault: unknown): void {
    const error = asMetadError(fault);
    this.count(error.code);
    const outbound = encodeError(error, this.body?.packetId ?? null);
    const told = this.tell(error);
    const found = error.cause ?? told;
    this.to.answer(
      found === undefined ? outbound : { ...outbound, fault: found, about: this.about() },
    );
  }

  /**
   * Who listens must not throw; should it, that reaches the log, and neither the caller nor the
   * partition that has just applied the entry. Returns the fault.
   */
  private tell(error: MetadError): unknown {
    try {
      this.rejected(this.rejection(error));
      return undefined;
    } catch (fault) {
      return fault;
    }
  }

  /**
   * Another node has answered. That one tells of a refusal too, but not who asked: what HTTP has
   * proved is known here alone.
   */
  pass(outbound: Outbound): void {
    const { actor } = this.to;
    const refusal = actor === null || actor === undefined ? null : refusalIn(outbound);
    const fault = refusal === null ? undefined : this.tell(refusal);
    this.to.answer(fault === undefined ? outbound : { ...outbound, fault, about: this.about() });
  }

  private about(): object {
    const { namespace, command, routed } = this;
    const commandId = routed?.request.commandId ?? null;
    return { namespace, command, commandId, partition: routed?.partition ?? null };
  }

  private count(outcome: string): void {
    if (this.routed !== null) this.door.meter(this.routed.command, outcome, this.startedAt);
  }

  private rejection(error: MetadError): CommandRejection {
    const { namespace, command, body } = this;
    return { namespace, command, body: body?.value ?? null, error, actor: this.to.actor ?? null };
  }
}

/** The error that another node's answer carries; null for a yes. */
function refusalIn({ payload, error }: Outbound): MetadError | null {
  if (error === null) return null;
  const read = readReply(typeof payload === 'string' ? Buffer.from(payload) : payload);
  return read instanceof MetadError ? read : null;
}

/** What is no MetadError is a fault of this program: the caller may conclude nothing from it. */
export function asMetadError(error: unknown): MetadError {
  if (error instanceof MetadError) return error;
  const fault = new MetadError('OUTCOME_UNKNOWN', 'internal fault; retry with the same commandId');
  fault.cause = error; // For the log of this node, not for the caller.
  return fault;
}
