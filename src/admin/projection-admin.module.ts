import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { ProjectionModule } from '../projection/projection.module.js';
import { ProjectionService } from '../projection/projection.service.js';
import { AdminRouter } from './admin-router.js';
import { registerProjectionVerbs } from './projection-verbs.js';

/** The administrative verbs of projections and their jobs. */
@Module({ imports: [ProjectionModule] })
export class ProjectionAdminModule implements OnModuleInit {
  constructor(
    @Inject(AdminRouter) private readonly router: AdminRouter,
    @Inject(ProjectionService) private readonly projections: ProjectionService | null,
  ) {}

  onModuleInit(): void {
    registerProjectionVerbs(this.router, this.projections);
  }
}
