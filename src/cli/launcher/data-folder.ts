import { mkdir, open, readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from './launch-options.js';

/**
 * The launcher's claim on its data folder, so that two of them cannot run one cluster. Returns what
 * gives it up. A claim whose process is gone is taken over.
 */
export async function claimDataFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'launcher.pid');
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      const claim = await open(file, 'wx');
      await claim.writeFile(String(process.pid));
      await claim.close();
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = Number(await readFile(file, 'utf8').catch(() => '0'));
    if (await isLauncher(owner)) {
      throw new UsageError(
        `${folder} is in use by the launcher with process id ${owner}: ` +
          'stop that one, or choose another folder with --data',
      );
    }
    await rm(file, { force: true });
  }
  throw new UsageError(`cannot claim ${folder}: others start on it at the same time`);
}

/** Where the system tells, a process that is no Node has only inherited the number. */
async function isLauncher(pid: number): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  const program = await readlink(`/proc/${pid}/exe`).catch(() => process.execPath);
  return program === process.execPath;
}
