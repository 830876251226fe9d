import { readdirSync, readFileSync } from 'node:fs';

/** Cumulated CPU seconds at one moment, from /proc (Linux; 10 ms resolution). */
interface Sample {
  readonly at: number;
  readonly busy: number;
  readonly own: number;
  readonly servers: number;
}

const ticksPerSecond = 100;

/** Measures who used the processors between its creation and `stop()`. */
export class ProcessorUse {
  private readonly start: Sample;

  constructor(private readonly serverPids: readonly number[]) {
    this.start = this.sample();
  }

  stop(): { load: number; servers: number; others: number } {
    const end = this.sample();
    const seconds = Math.max(0.001, end.at - this.start.at);
    const load = (end.own - this.start.own) / seconds;
    const servers = Math.max(0, end.servers - this.start.servers) / seconds;
    const others = Math.max(0, (end.busy - this.start.busy) / seconds - load - servers);
    return { load: rounded(load), servers: rounded(servers), others: rounded(others) };
  }

  private sample(): Sample {
    const own = process.cpuUsage();
    return {
      at: performance.now() / 1000,
      busy: machineBusy(),
      own: (own.user + own.system) / 1e6,
      servers: processorSecondsOf(this.serverPids),
    };
  }
}

const rounded = (value: number): number => Math.round(value * 100) / 100;

function machineBusy(): number {
  const [first = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const ticks = first.split(/\s+/).slice(1).map(Number);
  const idle = (ticks[3] ?? 0) + (ticks[4] ?? 0);
  // guest time (8, 9) is already inside user time.
  return (ticks.slice(0, 8).reduce((sum, value) => sum + value, 0) - idle) / ticksPerSecond;
}

/** CPU seconds of these processes and all their descendants. */
export function processorSecondsOf(roots: readonly number[]): number {
  const parents = new Map<number, number>();
  const used = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const stat = statOf(pid);
    if (!stat) continue;
    parents.set(pid, Number(stat[1]));
    used.set(pid, (Number(stat[11]) + Number(stat[12])) / ticksPerSecond);
  }
  const wanted = new Set(roots);
  let sum = 0;
  for (const [pid, seconds] of used) if (descends(pid, wanted, parents)) sum += seconds;
  return sum;
}

function descends(pid: number, roots: ReadonlySet<number>, parents: Map<number, number>): boolean {
  let at: number | undefined = pid;
  while (at !== undefined && at > 1) {
    if (roots.has(at)) return true;
    at = parents.get(at);
  }
  return false;
}

/** Fields of /proc/<pid>/stat from the state on, or null when the process is gone. */
function statOf(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null; // It ended while we were looking.
  }
}

/** Resident memory in bytes, 0 when the process is gone. */
export function residentBytes(pid: number): number {
  try {
    const match = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(match?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
