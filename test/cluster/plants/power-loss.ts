import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { UnsyncedWrites } from './unsynced-writes.js';

/**
 * Loaded into a node with `--import`: what the node writes below its data directory and does not
 * fsync is remembered, and SIGUSR2 takes it back before killing the process, as if the power had
 * failed. The node itself knows nothing of it; only `node:fs` behaves like a disk with a cache.
 *
 * With METAD_PLANT=no-fsync, fsync says yes and does nothing: a planted fault that the harness
 * must find. Not modelled: loss of unsynced directory entries, and writes torn within a block.
 */
const real = { ...fs };
const writes = new UnsyncedWrites(process.env['METAD_DATA_DIR'] ?? '/nowhere', real);
const syncs = process.env['METAD_PLANT'] !== 'no-fsync';

/** The forms of `write` and `writeSync` that storage uses; others are not tracked. */
type Written = [
  descriptor: number,
  bytes: Uint8Array | string,
  offset?: number | object | null,
  length?: number | null,
  position?: number | null,
];
type Callback = (error: NodeJS.ErrnoException | null, ...results: unknown[]) => void;

fs.openSync = (path, flags, mode) => {
  const descriptor = real.openSync(path, flags, mode);
  writes.opened(descriptor, String(path), flags === undefined ? 'r' : flags);
  return descriptor;
};
fs.closeSync = (descriptor) => {
  writes.closed(descriptor);
  real.closeSync(descriptor);
};
fs.writeSync = ((...args: Written) => {
  noteWrite(args);
  return (real.writeSync as (...all: Written) => number)(...args);
}) as typeof fs.writeSync;
fs.write = ((...args: unknown[]) => {
  noteWrite(args as Written);
  (real.write as (...all: unknown[]) => void)(...args);
}) as unknown as typeof fs.write;
fs.ftruncateSync = (descriptor, length) => {
  writes.truncating(descriptor, length ?? 0);
  real.ftruncateSync(descriptor, length);
};
for (const name of ['fsyncSync', 'fdatasyncSync'] as const) {
  fs[name] = (descriptor: number): void => {
    if (!syncs) return;
    const covered = writes.mark();
    real[name](descriptor);
    writes.synced(descriptor, covered);
  };
}
for (const name of ['fsync', 'fdatasync'] as const) {
  const replacement = (descriptor: number, callback: Callback): void => {
    if (!syncs) return void setImmediate(callback, null);
    // Only what was written before the call is sure to be covered by it.
    const covered = writes.mark();
    real[name](descriptor, (error) => {
      if (!error) writes.synced(descriptor, covered);
      callback(error);
    });
  };
  fs[name] = replacement as unknown as (typeof fs)['fsync'];
}
syncBuiltinESMExports();

process.on('SIGUSR2', () => {
  writes.takeBack();
  process.kill(process.pid, 'SIGKILL');
});

function noteWrite([descriptor, bytes, offset, length, position]: Written): void {
  if (typeof bytes === 'string' || typeof offset === 'object') return;
  const size = length ?? bytes.byteLength - (offset ?? 0);
  writes.writing(descriptor, size, position ?? null);
}
