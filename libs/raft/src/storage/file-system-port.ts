/**
 * The little of a file system that storage needs. Adapters: the real one, and a simulated disk that
 * loses what was not synced, tears writes, flips bits, fills up and stalls. Paths are absolute.
 * Errors are thrown as they come (`code` as in Node: ENOSPC, EIO …).
 */
export interface FileSystem {
  /** Makes a directory and those above it. Durable after `syncDirectory` of each one's parent. */
  ensureDirectory(path: string): void;
  /** Names in a directory, sorted; empty when there is no such directory. */
  list(path: string): string[];
  /**
   * `create` makes an empty file in place of any old one, `write` opens one for both, `read`
   * opens one for reading only. Throws ENOENT when there is none to open.
   */
  open(path: string, mode: 'create' | 'write' | 'read'): DiskFile;
  /** Atomic: readers see the old file or the new one. Durable after `syncDirectory`. */
  rename(from: string, to: string): void;
  /** Removes a file; nothing happens when there is none. Durable after `syncDirectory`. */
  remove(path: string): void;
  /** Makes creations, renames and removals in this directory durable. */
  syncDirectory(path: string): Promise<void>;
  /** Bytes that this process may still write to the file system that holds `path`. */
  freeBytes(path: string): number;
  /**
   * Takes a lock that dies with this process; returns its release. Throws `LockedError` when a
   * living process holds it.
   */
  lock(path: string): () => void;
  /** Who holds that lock, in words; null when nobody alive does. Changes nothing. */
  holder(path: string): string | null;
}

export interface DiskFile {
  /** Writes all of `bytes` at `position`, or throws. Into the page cache: durable after a sync. */
  write(bytes: Uint8Array, position: number): void;
  /** Fills `target` from `position`; returns the bytes read, fewer at the end of the file. */
  read(target: Uint8Array, position: number): number;
  size(): number;
  truncate(size: number): void;
  /**
   * Writes zeros over [0, bytes) and syncs, off the event loop, so that later overwrites change no
   * metadata and a sync of them costs one device write.
   */
  allocate(bytes: number): Promise<void>;
  /** What was written is durable when this resolves. A rejection is final: never sync again. */
  sync(): Promise<void>;
  /** The same on the calling thread: cheaper when the device is fast. */
  syncBlocking(): void;
  /** Nothing but this may be called afterwards (`EBADF`); a second time it does nothing. */
  close(): void;
}

/** Another living process uses this directory. Nothing was touched. */
export class LockedError extends Error {
  override readonly name = 'LockedError';
}

/** Reads a whole file; null when there is none. */
export function readWhole(fileSystem: FileSystem, path: string): Uint8Array | null {
  let file: DiskFile;
  try {
    file = fileSystem.open(path, 'read');
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw fault;
  }
  try {
    const bytes = new Uint8Array(file.size());
    return bytes.subarray(0, file.read(bytes, 0));
  } finally {
    file.close();
  }
}

/** Puts a small file in place whole or not at all: temporary file, sync, rename, directory sync. */
export async function writeWhole(
  fileSystem: FileSystem,
  directory: string,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  const temporary = `${directory}/${name}.tmp`;
  const file = fileSystem.open(temporary, 'create');
  try {
    file.write(bytes, 0);
    await file.sync();
  } finally {
    file.close();
  }
  fileSystem.rename(temporary, `${directory}/${name}`);
  await fileSystem.syncDirectory(directory);
}
