import { Launcher } from './launcher.js';
import { LAUNCH_USAGE, UsageError, parseLaunchOptions } from './launch-options.js';
import type { LaunchOptions } from './launch-options.js';
import { Terminal } from './terminal.js';

/** A signal that repeats sooner than this is the same one: npm passes on what we also got. */
const sameSignalMs = 500;
const parentPollMs = 500;
const WARN = 40;
const TRACE = 10;

await main();

async function main(): Promise<void> {
  try {
    const options = parseLaunchOptions(process.argv.slice(2), process.env);
    if (options === null) process.stdout.write(LAUNCH_USAGE);
    else await runUntilStopped(options);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    process.stderr.write(`metad: ${text}\n`);
    if (error instanceof UsageError) process.stderr.write('See npm start -- --help\n');
    process.exit(1);
  }
}

async function runUntilStopped(options: LaunchOptions): Promise<void> {
  const terminal = new Terminal(options.verbose ? TRACE : WARN);
  const launcher = new Launcher(options, process.env, terminal);
  const asked = untilAskedToStop(launcher, terminal);
  try {
    await Promise.race([launcher.start(), asked]);
    await asked;
  } finally {
    await launcher.stop();
  }
  terminal.notice('stopped; nothing is left running');
  process.exit(0);
}

/** Resolves at the first request to stop; the second one kills. */
function untilAskedToStop(launcher: Launcher, terminal: Terminal): Promise<void> {
  let firstAt = 0;
  return new Promise((resolve) => {
    const onStop = (cause: string): void => {
      if (firstAt === 0) {
        firstAt = performance.now();
        terminal.notice(`${cause}: draining the nodes (once more stops them at once) …`);
        resolve();
      } else if (performance.now() - firstAt > sameSignalMs) {
        terminal.notice(`${cause} again: stopping at once`);
        launcher.kill();
      }
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => onStop(signal));
    }
    onReaderGone(() => onStop('nobody reads our output any more'));
    onParentGone(() => onStop('npm has gone'));
  });
}

/** `npm start | head` and the like: a closed pipe must not become a crash that leaves nodes. */
function onReaderGone(callback: () => void): void {
  let isGone = false;
  const onError = (): void => {
    if (!isGone) callback();
    isGone = true;
  };
  process.stdout.on('error', onError);
  process.stderr.on('error', onError);
}

/** An npm that is killed does not tell its script; without npm nobody could stop us by it. */
function onParentGone(callback: () => void): void {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    callback();
  }, parentPollMs);
  timer.unref();
}
