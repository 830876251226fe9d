import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logIndex, partitionId, term } from '@metad/foundation';
import type { Clock, PartitionId } from '@metad/foundation';
import { openNodeLog } from '@metad/raft';
import type { NodeLog } from '@metad/raft';
import type { Entry, SnapshotMeta } from '@metad/raft';
import { rawLoop } from './raw-loop.js';

// The node's log beside the raw loop it rests on (preallocated file, write, data sync), alternating
// in one run; then a restart with a million entries, and memory of idle partitions.
// Run: npx nest build && node --expose-gc dist/benchmark/log/main.js

const ENTRY_BYTES = 256;
const ROUND_MS = 1000;
const ROUNDS = 5;
const COMPACT_EVERY = 400;
const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
const conf = {
  voters: [],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};
const start: SnapshotMeta = { index: logIndex(0), term: term(0), conf };
const data = new Uint8Array(ENTRY_BYTES).fill(7);
type Mode = 'blocking' | 'pool' | 'adaptive';

const openAt = (directory: string, syncMode: Mode = 'adaptive'): Promise<NodeLog> =>
  openNodeLog({ directory, cluster: 'bench', node: 'n1', clock, syncMode });

const entryAt = (index: number): Entry => ({
  index: logIndex(index),
  term: term(1),
  kind: 'command',
  data,
  change: null,
});

/** One batch of `count` entries, spread over the partitions; `next` holds each one's next index. */
function appendBatch(log: NodeLog, ids: readonly PartitionId[], next: number[], count: number) {
  const writes = [];
  const each = Math.max(1, Math.floor(count / ids.length));
  for (let at = 0; at < ids.length && at * each < count; at += 1) {
    const entries = [];
    for (let k = 0; k < each; k += 1) entries.push(entryAt((next[at] as number) + k));
    next[at] = (next[at] as number) + each;
    const partition = ids[at] as PartitionId;
    const commit = { term: term(1), vote: null, commit: logIndex((next[at] as number) - 1) };
    writes.push({ partition, hardState: commit, snapshot: null, entries });
  }
  return log.append(writes, true);
}

const idsUpTo = (count: number): PartitionId[] =>
  Array.from({ length: count }, (_, at) => partitionId(at + 1));

/** As after a snapshot: all but the newest thousand entries of each partition may go. */
function compactAll(log: NodeLog, ids: readonly PartitionId[], next: readonly number[]): void {
  ids.forEach((id, at) => {
    const last = (next[at] as number) - 1;
    const upTo = logIndex(last - 1000);
    if (upTo < log.partition(id).firstIndex()) return;
    log.compact(id, { index: logIndex(last), term: term(1), conf }, upTo);
  });
}

async function logLoop(directory: string, batch: number, mode: Mode): Promise<number> {
  const log = await openAt(directory, mode);
  const ids = idsUpTo(8);
  const next = ids.map(() => 1);
  for (const id of ids) log.create(id, start);
  let written = 0;
  const begin = performance.now();
  while (performance.now() - begin < ROUND_MS) {
    await appendBatch(log, ids, next, batch);
    written += batch;
    if (written % (COMPACT_EVERY * batch) === 0) compactAll(log, ids, next);
  }
  const perSecond = (written / (performance.now() - begin)) * 1000;
  await log.close();
  return perSecond;
}

const median = (numbers: number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] as number;

async function compare(folder: string, batch: number, rawMode: 'blocking' | 'pool', mode: Mode) {
  const raw: number[] = [];
  const ours: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    raw.push(await rawLoop(join(folder, 'raw'), batch, ENTRY_BYTES, ROUND_MS, rawMode));
    const directory = join(folder, `log-${batch}-${mode}-${round}`);
    ours.push(await logLoop(directory, batch, mode));
    rmSync(directory, { recursive: true });
  }
  const ratio = median(ours) / median(raw);
  const cells = [
    `batch ${String(batch).padStart(3)}`,
    `raw ${rawMode} ${median(raw).toFixed(0)}/s`,
    `log ${mode} ${median(ours).toFixed(0)}/s`,
    `ratio ${ratio.toFixed(2)}`,
  ];
  console.log(cells.join('  '));
}

async function restart(folder: string, entries: number): Promise<void> {
  const directory = join(folder, 'restart');
  const log = await openAt(directory);
  const ids = idsUpTo(8);
  const next = ids.map(() => 1);
  for (const id of ids) log.create(id, start);
  for (let written = 0; written < entries; written += 128) await appendBatch(log, ids, next, 128);
  await log.close();
  const before = process.memoryUsage();
  const begin = performance.now();
  const again = await openAt(directory);
  const openedMs = performance.now() - begin;
  const after = process.memoryUsage();
  let read = 0;
  for (const id of ids) {
    const stored = again.partition(id);
    for (let from = 1; from <= stored.lastIndex();) {
      const found = stored.entries(logIndex(from), logIndex(stored.lastIndex() + 1), 1 << 20);
      from += found?.length ?? 0;
      read += found?.length ?? 0;
    }
  }
  const readMs = performance.now() - begin - openedMs;
  const heapMiB =
    (after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / 2 ** 20;
  console.log(
    `restart with ${entries} entries over 8 partitions: opened in ${openedMs.toFixed(0)} ms ` +
      `(memory +${heapMiB.toFixed(1)} MiB before collection), ` +
      `all ${read} read back in ${readMs.toFixed(0)} ms`,
  );
  await again.close();
}

async function idle(folder: string, count: number): Promise<void> {
  const log = await openAt(join(folder, 'idle'));
  const { gc } = globalThis;
  const used = (): number => {
    gc?.();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = used();
  const ids = idsUpTo(count);
  for (const id of ids) log.create(id, start);
  await log.append([], true);
  const created = used();
  const next = ids.map(() => 1);
  for (let round = 0; round < 3; round += 1) await appendBatch(log, ids, next, count);
  const each = (bytes: number): string => ((bytes - before) / count).toFixed(0);
  console.log(
    `${count} idle partitions: ${each(created)} B each when new, ` +
      `${each(used())} B each with 3 entries of ${ENTRY_BYTES} B in the tail` +
      (gc === undefined ? ' (run with --expose-gc for exact numbers)' : ''),
  );
  await log.close();
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'metad-bench-log-'));
  try {
    for (const batch of [1, 128]) {
      await compare(folder, batch, 'blocking', 'adaptive');
      await compare(folder, batch, 'pool', 'pool');
    }
    await idle(folder, 10_000);
    await restart(folder, 1_000_000);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
