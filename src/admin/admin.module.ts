import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { NodeFacts } from '../app/node-facts.js';
import { RAFT } from '../app/tokens.js';
import { ClusterBirth } from '../consensus/joining/cluster-birth.js';
import { ConsensusStage } from '../consensus/consensus-stage.js';
import type { OpenedRaft } from '../consensus/opened-raft.js';
import { AdminController } from './admin.controller.js';
import { AdminRouter } from './admin-router.js';
import { LogLevelAdminModule } from './log-level-admin.module.js';
import { registerLogVerbs } from './log-verbs.js';
import { registerClusterVerbs, registerNodeVerbs } from './node-verbs.js';
import { PartitionAdminModule } from './partition-admin.module.js';
import { ProjectionAdminModule } from './projection-admin.module.js';

/** Administration over NATS; the verbs of projections are registered by their own module. */
@Module({
  imports: [ProjectionAdminModule, PartitionAdminModule, LogLevelAdminModule],
  controllers: [AdminController],
})
export class AdminModule implements OnModuleInit {
  constructor(
    @Inject(AdminRouter) private readonly router: AdminRouter,
    @Inject(RAFT) private readonly raft: OpenedRaft,
    @Inject(ConsensusStage) private readonly stage: ConsensusStage,
    @Inject(ClusterBirth) private readonly birth: ClusterBirth,
    @Inject(NodeFacts) private readonly facts: NodeFacts,
  ) {}

  onModuleInit(): void {
    const { node } = this.raft;
    const { directory } = this.stage;
    registerLogVerbs(this.router, this.raft, () => directory.cluster().incarnation);
    registerClusterVerbs(this.router, directory, node);
    registerNodeVerbs(this.router, {
      facts: () => this.facts,
      hello: () => this.stage.hello(),
      admit: (name, identity) => this.birth.admit(name, identity),
    });
  }
}
