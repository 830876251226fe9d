import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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
  console.log(oneLine(await side.run({ operation: 'put', arrival, ...shape })));
  await side.stop();
  const files = readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'));
  const profiles = files.map((name) => readProfile(join(folder, name)));
  report(profiles);
}

const readProfile = (path: string): CpuProfile =>
  JSON.parse(readFileSync(path, 'utf8')) as CpuProfile;

/** Self time by function, summed over the nodes, as a share of the time they were not idle. */
function report(profiles: readonly CpuProfile[]): void {
  const selfMicros = new Map<string, number>();
  for (const { nodes, samples, timeDeltas } of profiles) {
    const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
    samples.forEach((id, at) => {
      const name = names.get(id) ?? '?';
      selfMicros.set(name, (selfMicros.get(name) ?? 0) + (timeDeltas[at] ?? 0));
    });
  }
  selfMicros.delete('(idle)');
  selfMicros.delete('(root)');
  const busy = [...selfMicros.values()].reduce((sum, value) => sum + value, 0);
  const rows = [...selfMicros].sort(([, a], [, b]) => b - a).slice(0, topMax);
  console.log(`busy ${(busy / 1e6).toFixed(1)} s in ${profiles.length} processes; self time:`);
  for (const [name, micros] of rows) {
    console.log(`${((micros / busy) * 100).toFixed(1).padStart(5)} %  ${name}`);
  }
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][0]['callFrame']): string {
  const file = url.replace(/^.*\/(dist|node_modules)\//, '').replace(/^file:\/\//, '');
  const name = functionName === '' ? '(anonymous)' : functionName;
  return url === '' ? name : `${name} ${file}:${lineNumber + 1}`;
}
