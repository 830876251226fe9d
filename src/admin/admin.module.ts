import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { NodeFacts } from '../app/node-facts.js';
import { RAFT } from '../app/tokens.js';
import { ClusterBirth } from '../consensus/joining/cluster-birth.js';
import { ConsensusStage } from '../consensus/consensus-stage.js';
import type { OpenedRaft } from '../consensus/opened-raft.js';
import { PartitionMachines } from '../consensus/partition-machines.js';
import { AdminController } from './admin.controller.js';
import { AdminRouter } from './admin-router.js';
import { registerLogVerbs } from './log-verbs.js';
import { registerClusterVerbs, registerNodeVerbs } from './node-verbs.js';
import { ProjectionAdminModule } from './projection-admin.module.js';
import { registerPartitionVerbs } from './partition-verbs.js';

/** Administration over NATS; the verbs of projections are registered by their own module. */
@Module({ imports: [ProjectionAdminModule], controllers: [AdminController] })
export class AdminModule implements OnModuleInit {
  constructor(
    @Inject(AdminRouter) private readonly router: AdminRouter,
    @Inject(RAFT) private readonly raft: OpenedRaft,
    @Inject(PartitionMachines) private readonly machines: PartitionMachines,
    @Inject(ConsensusStage) private readonly stage: ConsensusStage,
    @Inject(ClusterBirth) private readonly birth: ClusterBirth,
    @Inject(NodeFacts) private readonly facts: NodeFacts,
  ) {}

  onModuleInit(): void {
    const { node } = this.raft;
    registerPartitionVerbs(this.router, node, this.machines);
    registerLogVerbs(this.router, this.raft);
    registerClusterVerbs(this.router, this.stage.directory, node);
    registerNodeVerbs(this.router, {
      facts: () => this.facts,
      hello: () => this.stage.hello(),
      admit: (name, identity) => this.birth.admit(name, identity),
    });
  }
}
