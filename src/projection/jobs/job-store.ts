import type { SqlDatabase, SqlSession } from '@metad/projection';

export type JobState = 'running' | 'paused' | 'ready' | 'done' | 'failed' | 'cancelled';
/** `roll-out`: a rebuild on all nodes, one after the other. */
export type JobKind = 'rebuild' | 'rollback' | 'verify' | 'roll-out';

export interface JobOptions {
  readonly source: 'log' | 'snapshot';
  /** Rows per second; null means as fast as it goes. */
  readonly throttle: number | null;
  /** False: stop when ready, and wait for `activate`. */
  readonly activate: boolean;
  /** False when the version in use is not to be compared with. */
  readonly compareWithLive: boolean;
}

/** A job as it is kept in the schema: it outlives the process. */
export interface Job {
  readonly jobId: string;
  readonly kind: JobKind;
  readonly projection: string;
  readonly version: number | null;
  readonly options: JobOptions;
  state: JobState;
  done: number;
  total: number;
  /** Entries per second, smoothed. */
  rate: number;
  remainingMs: number | null;
  reason: string | null;
  report: unknown;
  readonly createdAt: string;
  finishedAt: string | null;
}

interface JobRow {
  readonly job_id: string;
  readonly kind: JobKind;
  readonly projection: string;
  readonly version: number | null;
  readonly state: JobState;
  readonly options: JobOptions;
  readonly done: string;
  readonly total: string;
  readonly rate: number;
  readonly remaining_ms: string | null;
  readonly reason: string | null;
  readonly report: unknown;
  readonly created_at: Date;
  readonly finished_at: Date | null;
}

export async function insertJob(session: SqlSession, job: Job): Promise<void> {
  await session.run({
    text: `INSERT INTO projection_job (job_id, kind, projection, version, state, options)
      VALUES ($1, $2, $3, $4, $5, $6)`,
    values: [
      ...[job.jobId, job.kind, job.projection, job.version, job.state],
      JSON.stringify(job.options),
    ],
  });
}

/** A job that is over stays as it ended. */
export async function saveJob(session: SqlSession, job: Job): Promise<void> {
  await session.run({
    text: `UPDATE projection_job SET state = $2, done = $3, total = $4, rate = $5,
        remaining_ms = $6, reason = $7, report = $8, updated_at = clock_timestamp(),
        finished_at = CASE WHEN $2 IN ('done', 'failed', 'cancelled') THEN
          coalesce(finished_at, clock_timestamp()) END
      WHERE job_id = $1 AND state NOT IN ('done', 'failed', 'cancelled')`,
    values: [
      ...[job.jobId, job.state, job.done, job.total, job.rate],
      ...[job.remainingMs === null ? null : Math.round(job.remainingMs), job.reason],
      job.report === null ? null : JSON.stringify(job.report),
    ],
  });
}

/** Keeps the figures of a job at work. Never its state: its end may be under way to the table. */
export async function saveProgress(session: SqlSession, job: Job): Promise<void> {
  const { jobId, done, total, rate, remainingMs, reason } = job;
  await session.run({
    text: `UPDATE projection_job SET done = $2, total = $3, rate = $4, remaining_ms = $5,
        reason = $6, updated_at = clock_timestamp()
      WHERE job_id = $1 AND state IN ('running', 'paused')`,
    values: [jobId, done, total, rate, remainingMs && Math.round(remainingMs), reason],
  });
}

/** Newest first. */
export async function loadJobs(database: SqlDatabase, limit: number): Promise<readonly Job[]> {
  const { rows } = await database.run<JobRow>({
    text: `SELECT * FROM projection_job ORDER BY created_at DESC LIMIT $1`,
    values: [limit],
  });
  return rows.map(jobOf);
}

/** Versions that a job is at work on, or that wait to be put in use. */
export async function versionsInHand(
  session: SqlSession,
  projection: string,
): Promise<ReadonlySet<number>> {
  const { rows } = await session.run<{ readonly version: number }>({
    text: `SELECT version FROM projection_job WHERE projection = $1 AND version IS NOT NULL
      AND state IN ('running', 'paused', 'ready')`,
    values: [projection],
  });
  return new Set(rows.map((row) => row.version));
}

/** The last rebuild that got this number: numbers of dropped versions are given again. */
export async function newestBuilder(
  session: SqlSession,
  projection: string,
  version: number,
): Promise<string | null> {
  const { rows } = await session.run<Pick<JobRow, 'job_id'>>({
    text: `SELECT job_id FROM projection_job
      WHERE kind = 'rebuild' AND projection = $1 AND version = $2
      ORDER BY created_at DESC LIMIT 1`,
    values: [projection, version],
  });
  return rows[0]?.job_id ?? null;
}

const jobOf = (row: JobRow): Job => ({
  jobId: row.job_id,
  kind: row.kind,
  projection: row.projection,
  version: row.version,
  options: row.options,
  state: row.state,
  done: Number(row.done),
  total: Number(row.total),
  rate: row.rate,
  remainingMs: row.remaining_ms === null ? null : Number(row.remaining_ms),
  reason: row.reason,
  report: row.report,
  createdAt: row.created_at.toISOString(),
  finishedAt: row.finished_at?.toISOString() ?? null,
});

/** Jobs that a restart interrupted. */
export const isUnfinished = (job: Job): boolean =>
  job.state === 'running' || job.state === 'paused';
