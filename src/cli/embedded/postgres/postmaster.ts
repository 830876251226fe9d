import { readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What postmaster.pid says: the server's process, and how far its start has come. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly isReady: boolean;
}

const orphanStopMs = 10_000;
const pollMs = 10;

export async function readPostmaster(dataDir: string): Promise<Postmaster | null> {
  const text = await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => null);
  if (text === null) return null;
  const lines = text.split('\n').map((line) => line.trim());
  return { pid: Number(lines[0]), port: Number(lines[3]), isReady: lines[7] === 'ready' };
}

/**
 * Makes a data directory free to start on. A server left behind by a launcher that was killed is
 * stopped; one whose launcher still lives is respected, with an error; a stale file is removed (its
 * process number may by now belong to something else, which would keep Postgres from starting).
 */
export async function reclaim(dataDir: string, ownerFile: string): Promise<void> {
  const found = await readPostmaster(dataDir);
  if (found === null) return;
  if (!(await serves(found.pid, dataDir))) {
    await rm(join(dataDir, 'postmaster.pid'), { force: true });
    return;
  }
  const owner = Number(await readFile(ownerFile, 'utf8').catch(() => '0'));
  if (owner > 0 && owner !== process.pid && isAlive(owner)) {
    throw new Error(
      `${dataDir} is in use: process ${owner} runs a Postgres (${found.pid}) on it; ` +
        'stop that one or choose another data directory',
    );
  }
  process.kill(found.pid, 'SIGINT');
  const deadline = Date.now() + orphanStopMs;
  while (isAlive(found.pid)) {
    if (Date.now() > deadline) throw new Error(`Postgres ${found.pid} in ${dataDir} does not stop`);
    await sleep(pollMs);
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Postgres works in its data directory. Without /proc the pid alone must do. */
async function serves(pid: number, dataDir: string): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return false;
  if (process.platform !== 'linux') return true;
  const folder = await readlink(`/proc/${pid}/cwd`).catch(() => null);
  return folder === null ? true : folder === dataDir;
}
