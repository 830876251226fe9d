/**
 * Installs and builds what is missing, so that one command is enough on a machine with only Node.
 * Runs before anything is installed: plain JavaScript, no dependencies. Quick when nothing is to
 * do.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCES = ['src', 'libs', 'migrations', 'benchmark', 'test/cluster'];
const SETTINGS = [
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'nest-cli.json',
  '.swcrc',
];

/** The folder of the whole project, seen from this file. */
export const projectRoot = fileURLToPath(new URL('../../..', import.meta.url));

/** Makes the project runnable. Throws an error that says what failed. */
export function prepare(root = projectRoot) {
  if (!isInstalled(root)) install(root);
  const wanted = fingerprint(root);
  const stamp = join(root, 'dist', '.built-from');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  build(root);
  writeFileSync(stamp, wanted);
}

/** Every package that package.json names is there in the version that the lock file names. */
export function isInstalled(root) {
  const wanted = readJson(join(root, 'package.json'));
  const locked = readJson(join(root, 'package-lock.json'))?.packages ?? {};
  const names = Object.keys({ ...wanted.dependencies, ...wanted.devDependencies });
  return names.every((name) => {
    const version = locked[`node_modules/${name}`]?.version;
    const found = readJson(join(root, 'node_modules', name, 'package.json'))?.version;
    return found !== undefined && (version === undefined || found === version);
  });
}

/** Changes whenever a source file is added, removed or written. */
export function fingerprint(root) {
  const hash = createHash('sha256');
  for (const name of SETTINGS) visit(join(root, name), hash);
  for (const name of SOURCES) visit(join(root, name), hash);
  return hash.digest('hex');
}

/** Texts and results of measurements lie beside what is built. */
const isBuilt = (name) => name !== 'results' && !name.endsWith('.md');

function visit(path, hash) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isDirectory()) {
    hash.update(`${path}\0${found.size}\0${found.mtimeMs}\n`);
    return;
  }
  for (const name of readdirSync(path).filter(isBuilt).sort()) visit(join(path, name), hash);
}

function install(root) {
  const modules = lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false });
  if (modules?.isSymbolicLink()) {
    throw new Error('node_modules is a link and lacks packages: install where it points to');
  }
  say('installing dependencies (once)');
  // A lock file that does not fit this machine's npm is no reason to give up.
  const flags = ['--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  if (npm(root, ['ci', ...flags])) return;
  say('npm ci failed, trying npm install');
  if (!npm(root, ['install', '--no-save', ...flags])) {
    throw new Error('dependencies could not be installed: see the messages of npm above');
  }
}

function build(root) {
  say('building');
  const nest = join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [nest, 'build'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the build failed:\n${stdout}${stderr}`);
}

/** The npm that started us, if it did, else the one on the PATH. Its output goes to stderr. */
function npm(root, args) {
  const self = process.env.npm_execpath;
  const isScript = self !== undefined && /\.[cm]?js$/.test(self) && existsSync(self);
  const [command, first] = isScript ? [process.execPath, [self]] : ['npm', []];
  const options = { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' };
  return spawnSync(command, [...first, ...args], options).status === 0;
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function say(what) {
  process.stderr.write(`metad: ${what} …\n`);
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    prepare();
  } catch (error) {
    process.stderr.write(`metad: ${error.message}\n`);
    process.exitCode = 1;
  }
}
