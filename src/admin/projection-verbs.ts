import { z } from 'zod';
import { MetadError } from '@metad/contract';
import type { Job, JobOptions } from '../projection/jobs/job-store.js';
import type { ProjectionService } from '../projection/projection.service.js';
import { registerDeadLetterVerbs } from './dead-letter-verbs.js';
import type { AdminRouter } from './admin-router.js';

const name = z.string().min(1).max(64);
const jobId = z.uuid();

/** `projection.*` and `job.*` of this node. */
export function registerProjectionVerbs(
  router: AdminRouter,
  projections: ProjectionService | null,
): void {
  const service = (): ProjectionService => {
    if (projections !== null) return projections;
    throw new MetadError('RULE_VIOLATED', 'this node runs without a projection database', {
      rule: 'projection-database',
    });
  };
  router.register({
    noun: 'projection',
    verb: 'list',
    schema: z.strictObject({}),
    changes: false,
    handle: async () => ({ items: projections?.list() ?? [] }),
  });
  router.register({
    noun: 'projection',
    verb: 'rebuild',
    schema: z.strictObject({
      name,
      source: z.enum(['log', 'snapshot']).default('log'),
      throttle: z.int().min(1).nullable().default(null),
      activate: z.boolean().default(true),
      /** On every node, one after the other; the job is this node's. */
      allNodes: z.boolean().default(false),
    }),
    changes: true,
    handle: async ({ name: projection, source, throttle, activate, allNodes }) => {
      const options: JobOptions = { source, throttle, activate, compareWithLive: true };
      const { jobs } = service();
      const job = await jobs[allNodes ? 'rebuildAll' : 'rebuild'](projection, options);
      return { jobId: job.jobId };
    },
  });
  for (const verb of ['activate', 'rollback', 'verify'] as const) {
    router.register({
      noun: 'projection',
      verb,
      schema: z.strictObject({ name }),
      changes: true,
      handle: async (body) => ({ jobId: (await service().jobs[verb](body.name)).jobId }),
    });
  }
  for (const verb of ['pause', 'resume'] as const) {
    router.register({
      noun: 'projection',
      verb,
      schema: z.strictObject({ name }),
      changes: true,
      handle: async (body) => ({
        name: body.name,
        changed: (await service()[verb](body.name)) ?? true,
      }),
    });
  }
  registerJobVerbs(router, service);
  registerDeadLetterVerbs(router, service);
}

function registerJobVerbs(router: AdminRouter, service: () => ProjectionService): void {
  for (const verb of ['show', 'pause', 'resume', 'cancel'] as const) {
    router.register({
      noun: 'job',
      verb,
      schema: z.strictObject({ jobId }),
      changes: verb !== 'show',
      handle: async (body) => describeJob(await service().jobs[verb](body.jobId)),
    });
  }
  router.register({
    noun: 'job',
    verb: 'list',
    schema: z.strictObject({}),
    changes: false,
    handle: async () => ({ items: (await service().jobs.list()).map(describeJob) }),
  });
}

function describeJob(job: Job): Record<string, unknown> {
  const { reason, ...rest } = job;
  return { ...rest, ...(reason !== null && { reason }) };
}
