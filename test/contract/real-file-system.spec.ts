import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SimulatedDisk } from '@metad/raft/testing';
import { realFileSystem } from '../../libs/raft/src/storage/disk/real-file-system.js';
import type { FileSystem } from '../../libs/raft/src/storage/file-system-port.js';
import { stillClock } from './still-clock.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'metad-files-'));
});
afterEach(() => rm(directory, { recursive: true }));

const simulated = new SimulatedDisk({ clock: stillClock, seed: 1 });
const adapters: (readonly [string, FileSystem])[] = [
  ['real', realFileSystem],
  ['simulated', simulated],
];

describe.each(adapters)('a file of the %s file system', (_name, fileSystem) => {
  it('is closed once, however often that is asked, and touches no later file', () => {
    const first = fileSystem.open(`${directory}/first`, 'create');
    first.close();
    // The kernel gives the number of the first descriptor to the next file.
    const second = fileSystem.open(`${directory}/second`, 'create');
    first.close();
    second.write(Uint8Array.of(1, 2, 3), 0);
    const closed = { code: 'EBADF' };
    const asked = [
      () => first.write(Uint8Array.of(9), 0),
      () => first.read(new Uint8Array(3), 0),
      () => first.truncate(0),
      () => first.syncBlocking(),
    ];
    for (const ask of asked) expect(ask).toThrow(expect.objectContaining(closed));
    second.syncBlocking();
    expect(second.size()).toBe(3);
    second.close();
  });

  it('is renamed over another and listed under its new name', async () => {
    const path = `${directory}/folder`;
    fileSystem.ensureDirectory(path);
    for (const name of ['old', 'new']) {
      const file = fileSystem.open(`${path}/${name}`, 'create');
      file.write(new TextEncoder().encode(name), 0);
      file.close();
    }
    fileSystem.rename(`${path}/new`, `${path}/old`);
    await fileSystem.syncDirectory(path);
    expect(fileSystem.list(path)).toEqual(['old']);
    const read = fileSystem.open(`${path}/old`, 'read');
    const bytes = new Uint8Array(9);
    expect(new TextDecoder().decode(bytes.subarray(0, read.read(bytes, 0)))).toBe('new');
    read.close();
    fileSystem.remove(`${path}/old`);
    fileSystem.remove(`${path}/old`);
    expect(fileSystem.list(path)).toEqual([]);
    expect(fileSystem.list(`${path}/none`)).toEqual([]);
    expect(() => fileSystem.open(`${path}/old`, 'read')).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
  });
});

describe('the real file system', () => {
  it('fills what it allocates with zeros', async () => {
    const path = `${directory}/zeros`;
    const file = realFileSystem.open(path, 'create');
    await file.allocate(3_000_000);
    file.close();
    expect((await readFile(path)).equals(Buffer.alloc(3_000_000))).toBe(true);
  });
});
