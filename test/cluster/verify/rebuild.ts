import { eventually } from '../process/child.js';
import type { Administration } from './administration.js';

const rebuildMsMax = 120_000;

interface Job {
  readonly state: string;
  readonly reason?: string;
}

/** Rebuilds every projection of one node from the log and puts the new tables to use. */
export async function rebuildAll(administration: Administration, node: number): Promise<string[]> {
  const faults: string[] = [];
  const { items } = await administration.ask<{ items: { name: string }[] }>(
    node,
    'projection',
    'list',
  );
  for (const { name } of items) {
    const { jobId } = await administration.ask<{ jobId: string }>(node, 'projection', 'rebuild', {
      name,
    });
    const job = await eventually(
      `the rebuild of ${name}`,
      async () => {
        const shown = await administration.ask<Job>(node, 'job', 'show', { jobId });
        return ENDED.has(shown.state) ? shown : null;
      },
      rebuildMsMax,
    );
    if (job.state !== 'done') {
      faults.push(`the rebuild of ${name} on n${node + 1} ended ${job.state}: ${job.reason}`);
    }
  }
  return faults;
}

const ENDED = new Set(['done', 'failed', 'cancelled']);
