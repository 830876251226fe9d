import { z } from 'zod';
import type { NodeReport } from '../node/node-report.js';

const text = z.string().max(1_000);
const name = z.string().max(64);
const names = z.array(name).max(64);
const count = z.number().min(0);

const row = z.tuple([
  count,
  z.enum(['leader', 'follower', 'candidate', 'preCandidate']),
  count,
  name.nullable(),
  count,
  count,
  z.enum(['running', 'quiet', 'corrupt', 'stopped', 'installing']),
  name.nullable(),
  count,
  text.nullable(),
]);

const figures = z.object({
  ...{ version: name, http: text, pid: count, startedAt: name, broker: z.boolean() },
  phase: z.enum(['starting', 'serving', 'draining', 'drained', 'stopping']),
  ...{ leads: count, replicas: count, quiet: count, inFlight: count, applied: count },
  ...{ records: count, loopDelayMs: z.number(), loopDelayMsMax: z.number(), syncMs: z.number() },
  ...{ writeMs: z.number(), writeMsMax: z.number(), logBytes: count, storageFull: z.boolean() },
  ...{ logFault: text.nullable(), memoryBytes: count },
  disk: z.object({ freeBytes: count, totalBytes: count }).nullable(),
});

const projection = z.object({
  ...{ name, version: count, lagEntries: z.number(), lagMs: z.number(), rows: count },
  state: z.enum([
    'connecting',
    'live',
    'waiting',
    'fenced',
    'halted',
    'detached',
    'foreign',
    'paused',
  ]),
  ...{ absorbed: count, pointHash: name, digestHash: name, reason: text.nullable() },
});

const job = z.object({
  ...{ jobId: name, kind: z.enum(['rebuild', 'rollback', 'verify']), projection: name },
  version: count.nullable(),
  state: z.enum(['running', 'paused', 'ready', 'done', 'failed', 'cancelled']),
  ...{ done: count, total: count, rate: z.number(), remainingMs: z.number().nullable() },
  ...{ reason: text.nullable(), createdAt: name, finishedAt: name.nullable() },
  equal: z.boolean().nullable(),
});

const command = z.object({
  ...{ key: text, at: count, command: name, namespace: name },
  ...{ partition: count.nullable(), index: count.nullable() },
  outcome: z.enum(['applied', 'unchanged', 'refused']),
  record: z.object({ kind: name, id: text }).nullable(),
  ...{ changes: count, actor: text.nullable(), code: name.nullable(), message: text.nullable() },
});

/** What another node answers to `node.report`: it came over the broker, so it is checked. */
export const nodeReportSchema = z.object({
  ...{ node: name, facts: figures },
  memberships: z.array(z.object({ voters: names, learners: names })).max(8_192),
  replicas: z.array(row).max(8_192),
  projections: z.array(projection).max(256),
  jobs: z.array(job).max(64),
  commands: z.array(command).max(256),
}) as unknown as z.ZodType<NodeReport>;
