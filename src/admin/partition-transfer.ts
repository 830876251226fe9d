import { readReply } from '@metad/client';
import { MetadError, type Subjects } from '@metad/contract';
import { nodeName, partitionId, type NodeName } from '@metad/foundation';
import { NoLeaderError, type RaftNode } from '@metad/raft';
import type { NatsRequester } from '../app/nats/nats-requester.js';
import { droppedError } from '../consensus/proposal-outcome.js';

export interface TransferRequest {
  readonly partition: number;
  readonly to: string;
  /** Set by a node that passes the request on: it is passed on once. */
  readonly forwarded?: boolean | undefined;
}

const forwardMs = 10_000;

/**
 * Leadership is given by the leader; any node may be asked, and passes the request on to the one
 * that it takes for the leader.
 */
export class PartitionTransfer {
  constructor(
    private readonly node: RaftNode,
    private readonly requester: NatsRequester,
    private readonly subjects: Subjects,
  ) {}

  /** Throws NOT_FOUND, INVALID_ARGUMENT, NO_LEADER, NOT_LEADER, OUTCOME_UNKNOWN. */
  async run({ partition, to, forwarded }: TransferRequest): Promise<object> {
    const { node } = this;
    const id = partitionId(partition);
    const status = node.status(id);
    if (status === null) {
      throw new MetadError('NOT_FOUND', `no partition ${partition} on this node`, { partition });
    }
    const target = nodeName(to);
    if (!status.conf.voters.includes(target)) {
      const reason = `is no voter of partition ${partition}: ${status.conf.voters.join(', ')}`;
      const faults = [{ field: 'to', reason }];
      throw new MetadError('INVALID_ARGUMENT', `to ${reason}`, { faults });
    }
    const { leader } = status;
    if (leader === null) throw droppedError(id, 'noLeader', null);
    if (leader === target) return { partition, leader };
    if (leader !== node.self) {
      if (forwarded === true) throw droppedError(id, 'notLeader', leader);
      return this.forward(leader, { partition, to, forwarded: true });
    }
    await this.transfer(partition, target);
    return { partition, leader: node.leaderOf(id) };
  }

  private async transfer(partition: number, to: NodeName): Promise<void> {
    try {
      await this.node.transferLeadership(partitionId(partition), to);
    } catch (error) {
      if (!(error instanceof NoLeaderError)) throw error;
      throw unknown(`leadership of partition ${partition} has not moved yet`, partition);
    }
  }

  private async forward(leader: NodeName, request: TransferRequest): Promise<object> {
    const subject = this.subjects.admin(leader, 'partition', 'transfer');
    const outcome = await this.requester.request(subject, JSON.stringify(request), forwardMs);
    if (outcome.kind === 'noResponders') {
      throw droppedError(partitionId(request.partition), 'noLeader', leader);
    }
    if (outcome.kind === 'timeout') throw unknown(`${leader} did not answer`, request.partition);
    const reply = readReply(outcome.message.data);
    if (reply instanceof MetadError) throw reply;
    return reply;
  }
}

const unknown = (what: string, partition: number): MetadError =>
  new MetadError('OUTCOME_UNKNOWN', `${what}; look again who leads it`, { partition });
