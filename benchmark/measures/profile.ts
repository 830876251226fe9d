import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { processorSecondsOf as cpuOf } from '../load/processor-use.js';
import { startMetad } from '../peers/metad/servers.js';
import type { VersusOptions } from './versus.js';
import { oneLine } from './rounds.js';
import { Side } from './side.js';

const topMax = 45;

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { functionName: string; url: string; lineNumber: number };
  }[];
  /** Microseconds of the machine's monotonic clock, as `process.hrtime` counts. */
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Runs metad's nodes under `--cpu-prof` with one load and says where their time went. */
export async function profile(options: VersusOptions, outstanding: number): Promise<void> {
  const folder = join(options.directory, 'profiles');
  mkdirSync(folder);
  const nodeFlags = ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=500'];
  const side = await Side.start('metad', options.directory, (directory) =>
    startMetad({ ...options, directory, nodeFlags }),
  );
  const arrival = { kind: 'closed', outstanding } as const;
  const shape = { records: 10_000, valueBytes: 256, warmupSeconds: 2, seconds: 12 };
  const groups = { ...side.servers.groups?.() };
  const before = Object.entries(groups).map(([name, pids]) => [name, cpuOf(pids)] as const);
  const result = await side.run({ operation: 'put', arrival, ...shape });
  const commands = result.completed * (1 + shape.warmupSeconds / shape.seconds);
  for (const [name, seconds] of before) {
    const micros = ((cpuOf(groups[name] ?? []) - seconds) * 1e6) / commands;
    console.log(`${name}: ${micros.toFixed(1)} µs of CPU a command`);
  }
  const until = monotonicMicros();
  console.log(oneLine(result));
  await side.stop();
  const files = readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'));
  const profiles = files.map((name) => readProfile(join(folder, name)));
  const counted = { from: until - result.seconds * 1e6, until, commands: result.completed };
  report(profiles, counted);
}

const monotonicMicros = (): number => Number(process.hrtime.bigint() / 1_000n);

/** The measured interval: starting and stopping are not what is asked about. */
interface Counted {
  readonly from: number;
  readonly until: number;
  readonly commands: number;
}

const readProfile = (path: string): CpuProfile =>
  JSON.parse(readFileSync(path, 'utf8')) as CpuProfile;

/** Self time by function, summed over the nodes, as a share of the time they were not idle. */
function report(profiles: readonly CpuProfile[], { from, until, commands }: Counted): void {
  const selfMicros = new Map<string, number>();
  for (const { nodes, samples, timeDeltas, startTime } of profiles) {
    let now = startTime;
    const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
    samples.forEach((id, at) => {
      now += timeDeltas[at] ?? 0;
      if (now < from || now > until) return;
      const name = names.get(id) ?? '?';
      selfMicros.set(name, (selfMicros.get(name) ?? 0) + (timeDeltas[at] ?? 0));
    });
  }
  selfMicros.delete('(idle)');
  selfMicros.delete('(root)');
  const busy = [...selfMicros.values()].reduce((sum, value) => sum + value, 0);
  const rows = [...selfMicros].sort(([, a], [, b]) => b - a).slice(0, topMax);
  const each = (busy / commands).toFixed(1);
  console.log(`${profiles.length} nodes busy ${(busy / 1e6).toFixed(1)} s, ${each} µs a command`);
  for (const [name, micros] of rows) {
    const share = ((micros / busy) * 100).toFixed(1).padStart(5);
    console.log(`${share} % ${(micros / commands).toFixed(2).padStart(6)} µs  ${name}`);
  }
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][0]['callFrame']): string {
  const file = url.replace(/^.*\/(dist|node_modules)\//, '').replace(/^file:\/\//, '');
  const name = functionName === '' ? '(anonymous)' : functionName;
  return url === '' ? name : `${name} ${file}:${lineNumber + 1}`;
}
