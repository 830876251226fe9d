import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningCluster } from '../fixtures/running-cluster.js';

/**
 * The package as it would be published, in a folder that knows nothing of this repository: its
 * tarball, what its manifest depends on (copied from here, so that no registry is needed), and
 * nothing else.
 */
const repository = fileURLToPath(new URL('../..', import.meta.url));
const source = join(repository, 'libs/client');

interface Manifest {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}
const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

const tarball = `metad-client-${manifestOf(source).version}.tgz`;
let folder: string;
let cluster: RunningCluster;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'metad-package-'));
  const installed = join(folder, 'node_modules/@metad/client');
  mkdirSync(installed, { recursive: true });
  run('npm', ['pack', '--silent', '--pack-destination', folder], source);
  run('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1']);
  copyDependencies(installed);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  cluster = await RunningCluster.start({ nodes: 1, partitions: 2 });
}, 300_000);

afterAll(async () => {
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Whatever the manifest does not name is not there, and an import of it would fail. */
function copyDependencies(from: string): void {
  for (const name of Object.keys(manifestOf(from).dependencies ?? {})) {
    const target = join(folder, 'node_modules', name);
    cpSync(join(repository, 'node_modules', name), target, { recursive: true });
    copyDependencies(target);
  }
}

/** What a program prints. Throws, with what it said, when it fails. */
function run(program: string, args: readonly string[], cwd = folder): string {
  const env = { ...process.env, NODE_OPTIONS: '', NATS_URL: '' };
  return execFileSync(program, args, { cwd, env, encoding: 'utf8', timeout: 60_000 });
}

const program = `
import { MetadClient, MetadError } from '@metad/client';

const metad = await MetadClient.connect({ servers: process.argv[2], namespace: 'prod' });
const name = { tenantId: 'acme', resourceId: 'db-1' };
const changes = metad.watch({ kind: 'resource' }, { from: 'snapshot' })[Symbol.asyncIterator]();
const first = (await changes.next()).value.event;
const { outcome } = await metad.command('AssignResource', { ...name, node: 'node-a' });
const { item } = await metad.query('GetResource', name, { consistency: 'linearizable' });
const seen = (await changes.next()).value.type;
const error = await metad.query('GetTenant', { tenantId: 'nobody' }).catch((thrown) => thrown);
const refused = error instanceof MetadError && error.code;
await changes.return();
await metad.close();
console.log(JSON.stringify({ first, outcome, node: item.node, seen, refused }));
`;

describe('the package @metad/client', () => {
  it('holds its code, its types and its README, and no code of the service', () => {
    const files = run('tar', ['-tzf', tarball]).split('\n').filter(Boolean);
    expect(files).toContain('package/dist/client/src/index.js');
    expect(files).toContain('package/dist/client/src/index.d.ts');
    expect(files).toContain('package/dist/client/src/nest/index.js');
    expect(files).toContain('package/README.md');
    const parts = new Set(files.map((file) => file.split('/').slice(1, 3).join('/')));
    expect([...parts].sort()).toEqual([
      ...['README.md', 'dist/client', 'dist/contract', 'dist/foundation', 'dist/partition'],
      'package.json',
    ]);
  });

  it('works in plain Node, without Nest', () => {
    writeFileSync(join(folder, 'program.mjs'), program);
    expect(JSON.parse(run(process.execPath, ['program.mjs', cluster.nats]))).toEqual({
      ...{ first: 'snapshot-end', outcome: 'applied', node: 'node-a' },
      ...{ seen: 'ResourceAssigned', refused: 'NOT_FOUND' },
    });
  }, 300_000);

  it('has types that a strict program can be checked against', () => {
    const typed = `
      import { MetadClient, type ChangeMessage } from '@metad/client';
      export async function nodeOf(metad: MetadClient, resourceId: string): Promise<string> {
        const { item } = await metad.query('GetResource', { tenantId: 'acme', resourceId });
        return item.node;
      }
      export const positionOf = (change: ChangeMessage): string => change.position;
      // @ts-expect-error a resource has a node
      export const wrong = (m: MetadClient) => m.command('AssignResource', { tenantId: '' });
    `;
    writeFileSync(join(folder, 'typed.ts'), typed);
    const flags = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext'];
    const types = ['--typeRoots', join(repository, 'node_modules/@types'), '--types', 'node'];
    const compiler = join(repository, 'node_modules/typescript/bin/tsc');
    expect(run(process.execPath, [compiler, ...flags, ...types, 'typed.ts'])).toBe('');
  }, 300_000);
});
