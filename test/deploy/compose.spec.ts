import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { composeFile } from './compose-file.js';
import { needOf, permits } from '../../src/http/access/route-access.js';
import { parseTokensFile } from '../../src/http/access/tokens-file.js';
import { environmentSchema, readConfiguration } from '../../src/app/configuration.js';

// What is shipped for running it elsewhere is checked as far as it can be without running it: every
// setting must exist and be valid, and what refers to each other must be there.

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const known = new Set(Object.keys(environmentSchema.shape));

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
      expect(new Set(nodes.map(([, each]) => each[own]?.[0])).size).toBe(3);
    }
    for (const { http } of settings) expect(http.tokensFile).toBe('/etc/metad/tokens.yml');
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
        for (const one of url?.split(',') ?? []) {
          expect(services).toHaveProperty(new URL(one).hostname);
        }
      }
    }
  });
});

describe('what docker-compose.yml mounts', () => {
  const { services, volumes } = composeFile();
  const mounts = Object.values(services).flatMap((each) => each.volumes ?? []);

  it('is there: files of this repository, or declared volumes', () => {
    for (const mount of mounts) {
      const [source = ''] = mount.split(':');
      if (!source.startsWith('./')) expect(volumes).toHaveProperty(source);
      else expect([source, existsSync(join(root, source))]).toEqual([source, true]);
    }
  });

  it('is what its readers look for: brokers, Prometheus, Grafana', () => {
    const mounted = new Set(mounts.map((mount) => mount.split(':')[1]));
    for (const { command: [flag, path] = [], image } of Object.values(services)) {
      if (!image.startsWith('nats:')) continue;
      expect([flag, mounted.has(path)]).toEqual(['--config', true]);
    }
    const prometheus = parse(read('deploy/prometheus/prometheus.yml')) as {
      rule_files: string[];
      scrape_configs: {
        authorization: { credentials_file: string };
        static_configs: { targets: string[] }[];
      }[];
    };
    const [job] = prometheus.scrape_configs;
    const files = [...prometheus.rule_files, job?.authorization.credentials_file];
    expect(files.filter((path) => !mounted.has(path))).toEqual([]);
    const targets = job?.static_configs.flatMap((one) => one.targets) ?? [];
    expect(targets).toEqual(['n1:8080', 'n2:8080', 'n3:8080']);
    const provider = parse(read('deploy/grafana/provisioning/dashboards/metad.yml')) as {
      providers: { options: { path: string } }[];
    };
    expect(mounted).toContain(provider.providers[0]?.options.path);
    const source = parse(read('deploy/grafana/provisioning/datasources/prometheus.yml')) as {
      datasources: { url: string; uid: string }[];
    };
    expect(services).toHaveProperty(new URL(source.datasources[0]?.url ?? '').hostname);
    expect(read('deploy/grafana/dashboards/metad.json')).toContain(
      `"uid": "${source.datasources[0]?.uid}"`,
    );
  });

  it('lets Prometheus in with its token, and no further than to the metrics', () => {
    const { entries, faults } = parseTokensFile(read('deploy/compose/tokens.yml'));
    expect(faults).toEqual([]);
    const hash = createHash('sha256').update(read('deploy/compose/prometheus-token')).digest();
    const owner = entries.find((entry) => entry.hash.equals(hash));
    if (!owner) throw new Error('the token of Prometheus is not among the tokens');
    const need = (path: string) => needOf('GET', path, () => true);
    expect(permits(owner, need('/metrics'))).toBe(true);
    expect(permits(owner, { kind: 'read', namespace: 'prod' })).toBe(false);
    expect(permits(owner, { kind: 'operate' })).toBe(false);
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
