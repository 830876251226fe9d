import type { Level } from '../simulate.js';

/** `--name value` anywhere, and what stands by itself. */
export function readArguments(args: readonly string[]): {
  readonly options: Readonly<Record<string, string>>;
  readonly rest: readonly string[];
} {
  const options: Record<string, string> = {};
  const rest: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (!arg.startsWith('--')) rest.push(arg);
    else {
      options[arg.slice(2)] = args[at + 1] ?? '';
      at += 1;
    }
  }
  return { options, rest };
}

export const levelOf = (text: string | undefined): Level => (text === 'core' ? 'core' : 'whole');

/** What replays one run. */
export const replayCommand = (level: Level, seed: number): string =>
  `npm run sim -- ${seed} --level ${level}`;
