import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, chown, cp, lstat, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PostgresBinaries } from './binaries.js';

/** Whom Postgres runs as. Empty for "as ourselves". */
export interface RunAs {
  readonly uid?: number;
  readonly gid?: number;
}

/** Outlives reboots, and every user may enter it. */
const sharedFolder = '/var/tmp';

/** Postgres refuses to run as root: then it runs as `postgres`, or else as `nobody`. */
export function unprivilegedUser(): RunAs {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const fields = users.find((line) => line.startsWith(`${name}:`))?.split(':');
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error('Postgres cannot run as root, and there is no user `postgres` or `nobody`');
}

/** Binaries that this user can run: these, or a copy where they lie out of its reach. */
export async function reachableBinaries(
  binaries: PostgresBinaries,
  user: RunAs,
): Promise<PostgresBinaries> {
  if (runs(binaries, user)) return binaries;
  const root = join(await reachableFolder(binaries.root), 'binaries');
  const copy = { ...binaries, root, bin: join(root, 'bin') };
  if (!existsSync(root) || !runs(copy, user)) {
    const partial = `${root}.${process.pid}`;
    await rm(root, { recursive: true, force: true });
    await cp(binaries.root, partial, { recursive: true, verbatimSymlinks: true });
    await rename(partial, root);
  }
  if (!runs(copy, user)) throw new Error(`the Postgres binaries in ${binaries.bin} do not run`);
  return copy;
}

/** `folder` if this user can use what lies in it, else a folder elsewhere that stands for it. */
export async function reachableDataFolder(folder: string, user: RunAs): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o711 });
  if (user.uid === undefined) return folder;
  if (await canEnter(folder)) return folder;
  return reachableFolder(folder);
}

function runs(binaries: PostgresBinaries, user: RunAs): boolean {
  const postgres = join(binaries.bin, 'postgres');
  return spawnSync(postgres, ['--version'], { ...user, stdio: 'ignore' }).status === 0;
}

/** Whether everybody may pass through every folder down to this one. */
async function canEnter(folder: string): Promise<boolean> {
  for (let path = folder; ; path = dirname(path)) {
    const { mode } = await lstat(path);
    if ((mode & 0o001) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

/**
 * A folder under /var/tmp, the same one each time for the same original. Everybody can write there,
 * so one that somebody else made under this name is refused, not trusted.
 */
async function reachableFolder(original: string): Promise<string> {
  const name = createHash('sha256').update(original).digest('hex').slice(0, 16);
  const folder = join(sharedFolder, `metad-${name}`);
  await mkdir(folder, { mode: 0o711 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const found = await lstat(folder);
  const ours = found.isDirectory() && found.uid === process.getuid?.();
  if (!ours || (found.mode & 0o022) !== 0) throw new Error(`${folder} belongs to somebody else`);
  await chmod(folder, 0o711);
  return folder;
}

/** Gives a file or folder to the user that Postgres runs as. */
export async function giveTo(user: RunAs, path: string): Promise<void> {
  if (user.uid !== undefined && user.gid !== undefined) await chown(path, user.uid, user.gid);
}
