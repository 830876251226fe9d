import { spawnSync } from 'node:child_process';

let isSupported: boolean | null = null;

/**
 * A command line that sends `signal` to the process when the one that started it dies, however it
 * dies. util-linux' setpriv does it by an attribute of the process and then becomes the command:
 * the process id stays that of the child. Where it is missing the command is returned unchanged.
 */
export function withDeathSignal(signal: 'INT' | 'TERM', command: readonly string[]): string[] {
  isSupported ??=
    process.platform === 'linux' &&
    spawnSync('setpriv', ['--pdeathsig', 'INT', 'true'], { stdio: 'ignore' }).status === 0;
  return isSupported ? ['setpriv', '--pdeathsig', signal, '--', ...command] : [...command];
}
