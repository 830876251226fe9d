import { realFileSystem } from '../../libs/raft/src/storage/disk/real-file-system.js';

/** How the raw loop waits for the device. */
export type RawMode = 'blocking' | 'pool';

/**
 * The ceiling: one preallocated file, overwritten batch by batch, a data sync after each. No
 * checksum, no header, no bookkeeping. Returns durable entries a second.
 */
export async function rawLoop(
  path: string,
  batch: number,
  entryBytes: number,
  ms: number,
  mode: RawMode,
): Promise<number> {
  const fileBytes = 64 * 1024 * 1024;
  const file = realFileSystem.open(path, 'create');
  await file.allocate(fileBytes);
  const bytes = new Uint8Array(batch * entryBytes).fill(7);
  let position = 0;
  let written = 0;
  const begin = performance.now();
  while (performance.now() - begin < ms) {
    if (position + bytes.length > fileBytes) position = 0;
    file.write(bytes, position);
    if (mode === 'blocking') file.syncBlocking();
    else await file.sync();
    position += bytes.length;
    written += batch;
  }
  const seconds = (performance.now() - begin) / 1000;
  file.close();
  return written / seconds;
}
