import { cpus, release, totalmem } from 'node:os';

export interface Machine {
  readonly date: string;
  readonly processors: string;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
}

export function describeMachine(): Machine {
  const models = cpus();
  return {
    date: new Date().toISOString().slice(0, 16),
    processors: `${models.length} × ${models[0]?.model ?? 'unknown'}`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release().split('-')[0] ?? release(),
    node: process.version,
  };
}
