import { setTimeout as sleep } from 'node:timers/promises';
import { NoAnswer, NobodyAnswers } from '../../../broker-errors.js';
import { openProgress } from '../../output/progress.js';
import type { Gateway } from '../../session/gateway.js';

/** What `job.show` says; further fields are the job's own. */
export interface JobFacts extends Readonly<Record<string, unknown>> {
  readonly state: string;
  readonly done?: number;
  readonly total?: number;
  readonly rate?: number;
  readonly remainingMs?: number | null;
  readonly reason?: string | null;
}

const pollMs = 200;
/** A node that restarts goes on with its jobs; one that stays away longer than this is given up. */
const absenceMsMax = 60_000;
const ENDED = new Set(['done', 'succeeded', 'completed', 'failed', 'cancelled', 'canceled']);

/** Shows a job's progress until it ends, and returns how it ended. Any end is an answer. */
export async function followJob(
  gateway: Gateway,
  node: string,
  jobId: string,
  title: string,
): Promise<JobFacts> {
  const progress = openProgress(title, 'entries');
  let heardAt = performance.now();
  try {
    for (;;) {
      const facts = await showJob(gateway, node, jobId);
      if (facts !== null) {
        heardAt = performance.now();
        const note = facts.reason ?? (facts.state === 'running' ? '' : facts.state);
        progress.update(facts.done ?? 0, facts.total ?? 0, note);
        if (ENDED.has(facts.state)) return facts;
      } else if (performance.now() - heardAt > absenceMsMax) {
        throw new NoAnswer(`${node} has not answered for ${absenceMsMax / 1_000} s; job ${jobId}`);
      }
      await sleep(pollMs);
    }
  } finally {
    progress.end();
  }
}

/** Null while the node is away. */
async function showJob(gateway: Gateway, node: string, jobId: string): Promise<JobFacts | null> {
  try {
    return (await gateway.admin(node, 'job', 'show', { jobId })) as JobFacts;
  } catch (error) {
    if (error instanceof NobodyAnswers || error instanceof NoAnswer) return null;
    throw error;
  }
}

export function hasFailed(facts: JobFacts): boolean {
  return facts.state === 'failed' || facts.state.startsWith('cancel');
}
