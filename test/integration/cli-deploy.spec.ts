import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { environmentSchema, readConfiguration } from '../../src/app/configuration.js';

// What is shipped for running it elsewhere is checked as far as it can be without running it: every
// setting must exist and be valid, and what refers to each other must be there.

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const known = new Set(Object.keys(environmentSchema.shape));

interface Service {
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly read_only?: boolean;
}

/** `${NAME:-default}` as compose reads it with nothing set. */
const interpolate = (text: string): string => text.replace(/\$\{\w+:-([^}]*)\}/g, '$1');

function composeFile(): { services: Record<string, Service>; volumes: Record<string, unknown> } {
  return parse(interpolate(read('docker-compose.yml')), { merge: true }) as ReturnType<
    typeof composeFile
  >;
}

describe('docker-compose.yml', () => {
  const { services, volumes } = composeFile();
  const nodes = Object.entries(services).filter(([, { environment }]) => environment?.METAD_NODE);

  it('runs three nodes with valid settings, each with its own name, data and port', () => {
    const settings = nodes.map(([name, { environment = {} }]) => {
      expect(Object.keys(environment).filter((key) => !known.has(key))).toEqual([]);
      expect(environment['METAD_NODE']).toBe(name);
      return readConfiguration({ ...environment });
    });
    expect(settings.map(({ node }) => node)).toEqual(['n1', 'n2', 'n3']);
    for (const { members } of settings) expect(members).toEqual(['n1', 'n2', 'n3']);
    for (const own of ['volumes', 'ports'] as const) {
      expect(new Set(nodes.flatMap(([, service]) => service[own] ?? [])).size).toBe(3);
    }
  });

  it('mounts the data directory that the settings name, on a declared volume', () => {
    for (const [, { environment, volumes: mounts = [], read_only: isReadOnly }] of nodes) {
      const [volume = '', path] = (mounts[0] ?? '').split(':');
      expect(path).toBe(environment?.['METAD_DATA_DIR']);
      expect(volumes).toHaveProperty(volume);
      expect(isReadOnly).toBe(true);
    }
  });

  it('refers to services that it has, and publishes on the loopback alone', () => {
    for (const { environment, depends_on: needs = {}, ports = [] } of Object.values(services)) {
      for (const name of Object.keys(needs)) expect(services).toHaveProperty(name);
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
      for (const key of ['NATS_URL', 'DATABASE_URL'] as const) {
        const url = environment?.[key];
        if (url !== undefined) expect(services).toHaveProperty(new URL(url).hostname);
      }
    }
  });
});

describe('Dockerfile', () => {
  const text = read('Dockerfile');

  it('copies what is there, and runs what is built, as somebody without rights', () => {
    const copied = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files = '']) =>
      files.split(' '),
    );
    expect(copied.length).toBeGreaterThan(5);
    expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(text).toMatch(/^USER node$/m);
    const settings = [...text.matchAll(/\b(METAD_\w+)=/g)].map(([, name = '']) => name);
    expect(settings.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('deploy/systemd', () => {
  it('has an example of settings that are all known and valid', () => {
    const environment = parseEnv(read('deploy/systemd/n1.env'));
    expect(Object.keys(environment).filter((key) => !known.has(key))).toEqual([]);
    expect(readConfiguration({ METAD_NODE: 'n1', ...environment }).node).toBe('n1');
  });

  it('sets in the unit only what the program knows', () => {
    const [, line = ''] = /^Environment=(.+)$/m.exec(read('deploy/systemd/metad@.service')) ?? [];
    const names = line.split(' ').map((pair) => pair.split('=')[0] ?? '');
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });
});
