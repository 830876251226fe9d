import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

// A project of two files, an npm that writes down what it was asked, and a compiler likewise.

const bin = fileURLToPath(new URL('../../src/cli/bin', import.meta.url));
let root: string;

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const calls = (): string[] => {
  const file = join(root, 'calls');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
};

/** Runs prepare.mjs; `failing` is the npm command that fails. */
function prepare(failing = ''): { status: number | null; said: string } {
  const env = { ...process.env, npm_execpath: join(root, 'npm.cjs'), FAILING: failing };
  const result = spawnSync(process.execPath, [join(root, 'src/cli/bin/prepare.mjs')], {
    cwd: tmpdir(),
    env,
    encoding: 'utf8',
  });
  return { status: result.status, said: result.stdout + result.stderr };
}

const NPM = `
const { appendFileSync, mkdirSync, writeFileSync } = require('node:fs');
appendFileSync('calls', 'npm ' + process.argv[2] + '\\n');
if (process.env.FAILING.split(',').includes(process.argv[2])) process.exit(1);
const put = (path, text) => {
  mkdirSync(path.replace(/[^/]*$/, ''), { recursive: true });
  writeFileSync(path, text);
};
put('node_modules/needed/package.json', '{"version":"1.2.0"}');
put('node_modules/@nestjs/cli/package.json', '{"version":"1.0.0"}');
put('node_modules/@nestjs/cli/bin/nest.js', \`
const { appendFileSync, mkdirSync } = require('node:fs');
appendFileSync('calls', 'build\\\\n');
mkdirSync('dist', { recursive: true });
\`);`;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'metad-prepare-'));
  cpSync(bin, join(root, 'src/cli/bin'), { recursive: true });
  put('npm.cjs', NPM);
  put('package.json', '{"dependencies":{"needed":"^1"},"devDependencies":{"@nestjs/cli":"1"}}');
  const packages = {
    'node_modules/needed': { version: '1.2.0' },
    'node_modules/@nestjs/cli': { version: '1.0.0' },
  };
  put('package-lock.json', JSON.stringify({ packages }));
  put('libs/a/b.ts', 'export {};');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('prepare', () => {
  it('installs and builds on a fresh clone, and does nothing the second time', () => {
    expect(prepare().status).toBe(0);
    expect(calls()).toEqual(['npm ci', 'build']);
    expect(prepare()).toEqual({ status: 0, said: '' });
    expect(calls()).toEqual(['npm ci', 'build']);
  });

  it('installs again when a package is missing or another version is locked', () => {
    prepare();
    rmSync(join(root, 'node_modules/needed'), { recursive: true });
    prepare();
    put('node_modules/needed/package.json', '{"version":"1.1.0"}');
    prepare();
    expect(calls()).toEqual(['npm ci', 'build', 'npm ci', 'npm ci']);
  });

  it('builds again when a source is changed, added or removed', () => {
    prepare();
    utimesSync(join(root, 'libs/a/b.ts'), 1, 1);
    prepare();
    put('libs/a/c.ts', 'export {};');
    prepare();
    rmSync(join(root, 'libs/a/c.ts'));
    prepare();
    expect(calls()).toEqual(['npm ci', 'build', 'build', 'build', 'build']);
  });

  it('falls back to npm install, and says so when that fails too', () => {
    expect(prepare('ci,install')).toMatchObject({
      status: 1,
      said: expect.stringMatching(/could not be installed/),
    });
    expect(prepare('ci').status).toBe(0);
    expect(calls()).toEqual(['npm ci', 'npm install', 'npm ci', 'npm install', 'build']);
  });

  it('never installs through a link', () => {
    mkdirSync(join(root, 'elsewhere'));
    symlinkSync(join(root, 'elsewhere'), join(root, 'node_modules'));
    expect(prepare()).toMatchObject({ status: 1, said: expect.stringMatching(/is a link/) });
    expect(calls()).toEqual([]);
  });
});
