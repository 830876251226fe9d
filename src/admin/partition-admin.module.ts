import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import type { Subjects } from '@metad/contract';
import { NatsRequester } from '../app/nats/nats-requester.js';
import { RAFT, SUBJECTS } from '../app/tokens.js';
import type { OpenedRaft } from '../consensus/opened-raft.js';
import { PartitionMachines } from '../consensus/partition-machines.js';
import { AdminRouter } from './admin-router.js';
import { PartitionTransfer } from './partition-transfer.js';
import { registerPartitionVerbs } from './partition-verbs.js';

/** What can be asked about partitions and done with them. */
@Module({})
export class PartitionAdminModule implements OnModuleInit {
  constructor(
    @Inject(AdminRouter) private readonly router: AdminRouter,
    @Inject(RAFT) private readonly raft: OpenedRaft,
    @Inject(PartitionMachines) private readonly machines: PartitionMachines,
    @Inject(NatsRequester) private readonly requester: NatsRequester,
    @Inject(SUBJECTS) private readonly subjects: Subjects,
  ) {}

  onModuleInit(): void {
    const { node } = this.raft;
    const transfer = new PartitionTransfer(node, this.requester, this.subjects);
    registerPartitionVerbs(this.router, node, this.machines, transfer);
  }
}
