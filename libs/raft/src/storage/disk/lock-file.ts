import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import { hostname } from 'node:os';
import { LockedError } from '../file-system-port.js';

/**
 * A lock file with the identity of its holder: process id, the time that process started, and the
 * machine. Node has no flock; so a lock left behind by a crash is recognized because no process
 * with this id and start time lives. A holder on another machine (a shared volume) cannot be
 * checked: it counts as alive, and the message says which file to remove.
 */
interface Holder {
  readonly pid: number;
  readonly started: string;
  readonly host: string;
  readonly nonce: string;
}

/** When a process started, in the kernel's words; empty where /proc does not exist. */
function startOf(pid: number): string {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function isAlive(holder: Holder): boolean {
  if (holder.host !== hostname()) return true;
  try {
    process.kill(holder.pid, 0);
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return holder.started === '' || holder.started === startOf(holder.pid);
}

function readHolder(path: string): Holder | null {
  try {
    const holder = JSON.parse(fs.readFileSync(path, 'utf8')) as Partial<Holder>;
    const { pid, started, host, nonce } = holder;
    const whole = typeof pid === 'number' && typeof started === 'string';
    if (!whole || typeof host !== 'string' || typeof nonce !== 'string') return null;
    return { pid, started, host, nonce };
  } catch {
    return null;
  }
}

const named = ({ pid, host }: Holder): string => `process ${pid} on ${host}`;

/** The living process that holds the lock, in words; null when there is none. */
export function lockHolder(path: string): string | null {
  const holder = readHolder(path);
  return holder !== null && isAlive(holder) ? named(holder) : null;
}

/** Takes the lock or throws `LockedError`; returns its release. */
export function lockWithFile(path: string): () => void {
  const self = {
    pid: process.pid,
    started: startOf(process.pid),
    host: hostname(),
    nonce: randomUUID(),
  };
  const own = `${path}.${self.nonce}`;
  fs.writeFileSync(own, `${JSON.stringify(self)}\n`);
  try {
    claim(path, own, self.nonce);
  } finally {
    fs.rmSync(own, { force: true });
  }
  return () => {
    if (readHolder(path)?.nonce === self.nonce) fs.rmSync(path, { force: true });
  };
}

/** Links our file to the name of the lock: the kernel lets only one succeed. */
function claim(path: string, own: string, nonce: string): void {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      fs.linkSync(own, path);
      return;
    } catch (fault) {
      if ((fault as NodeJS.ErrnoException).code !== 'EEXIST') throw fault;
    }
    const holder = readHolder(path);
    if (holder !== null && isAlive(holder)) throw locked(path, holder);
    putAside(path, holder, `${path}.stale.${nonce}`);
  }
  throw new LockedError(`${path} changes hands while it is taken: try again`);
}

/** Removes a dead holder's lock, unless somebody else has replaced it meanwhile. */
function putAside(path: string, dead: Holder | null, aside: string): void {
  try {
    fs.renameSync(path, aside);
  } catch {
    return; // Somebody else put it aside first.
  }
  const moved = readHolder(aside);
  if (moved !== null && moved.nonce !== dead?.nonce && isAlive(moved)) fs.linkSync(aside, path);
  fs.rmSync(aside, { force: true });
}

const locked = (path: string, holder: Holder): LockedError =>
  new LockedError(
    `the data directory is in use by ${named(holder)}; if that process is gone, remove ${path}`,
  );
