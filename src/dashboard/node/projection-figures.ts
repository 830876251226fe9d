import { createHash } from 'node:crypto';
import type { VerificationReport } from '@metad/projection';
import type { Job } from '../../projection/jobs/job-store.js';
import type { ProjectionStatus } from '../../projection/projection-status.js';
import type { JobFigures, ProjectionFigures } from './node-report.js';

/** A projection without the checkpoints of its thousands of partitions, which become two hashes. */
export function projectionFigures(status: ProjectionStatus): ProjectionFigures {
  const { name, version, state, checkpoints, lagEntries, lagMs, reason } = status;
  const points = createHash('sha256');
  const digests = createHash('sha256');
  let rows = 0;
  let absorbed = 0;
  for (const checkpoint of [...checkpoints].sort((a, b) => a.partition - b.partition)) {
    points.update(`${checkpoint.partition} ${checkpoint.index}\n`);
    digests.update(`${checkpoint.digest}\n`);
    rows += checkpoint.rows;
    absorbed += checkpoint.index;
  }
  return {
    ...{ name, version, state, lagEntries, lagMs, rows, absorbed },
    pointHash: points.digest('hex').slice(0, 16),
    digestHash: digests.digest('hex').slice(0, 16),
    reason: reason ?? null,
  };
}

export function jobFigures(job: Job): JobFigures {
  const { jobId, kind, projection, version, state, done, total, rate, remainingMs, reason } = job;
  const { createdAt, finishedAt, report } = job;
  const found = (report as { verification?: VerificationReport } | null)?.verification;
  return {
    ...{ jobId, kind, projection, version, state, done, total, rate, remainingMs, reason },
    ...{ createdAt, finishedAt },
    equal: found?.equal ?? null,
  };
}
