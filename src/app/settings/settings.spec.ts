import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '../configuration.js';
import { checkedConfiguration } from './checked-configuration.js';
import { configPrint } from './config-print.js';
import { maskedUrl } from './masked-url.js';
import { secretsIn } from './masking.js';
import { gather } from './sources.js';
import { warningsOf } from './warnings.js';

const folder = mkdtempSync(join(tmpdir(), 'metad-settings-'));
const fileOf = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const faultsOf = (environment: NodeJS.ProcessEnv): string[] => {
  try {
    checkedConfiguration(environment);
  } catch (error) {
    if (error instanceof ConfigurationError) {
      return error.faults.map(({ variable, reason }) => `${variable} ${reason}`);
    }
    throw error;
  }
  return [];
};
const least = { METAD_NODE: 'n1', NATS_URL: 'nats://127.0.0.1:4222' };

describe('settings', () => {
  it('are all checked at once: single ones, pairs, files, and names that are none', () => {
    const faults = faultsOf({
      METAD_PARTITIONS: 'many',
      METAD_ELECTION_MS: '100',
      METAD_HTTP_HOST: '0.0.0.0',
      METAD_HTTP_PROT: '1',
      NATS_URL: 'nats://127.0.0.1',
      NATS_CREDS: '/nowhere/node.creds',
      NATS_TLS_CERT: folder,
    });
    expect(faults).toEqual([
      'METAD_NODE is required',
      'METAD_PARTITIONS must be a whole number',
      'METAD_ELECTION_MS must be at least three heartbeats (METAD_HEARTBEAT_MS is 100)',
      'NATS_TLS_CERT must be given together with NATS_TLS_KEY',
      expect.stringMatching(/^METAD_HTTP_HOST 0\.0\.0\.0 can be reached from other machines/),
      'METAD_HTTP_PROT is not a setting of metad; did you mean METAD_HTTP_PORT?',
      'NATS_CREDS /nowhere/node.creds does not exist',
      `NATS_TLS_CERT ${folder} is not a file`,
    ]);
  });

  it.each([
    ['a certificate that is none', { NATS_TLS_CA: fileOf('ca.pem', 'no certificate') }, []],
    [
      'half a certificate',
      { METAD_HTTP_TLS_CERT: fileOf('c.pem', 'x'), METAD_HTTP_TLS_KEY: fileOf('k.pem', 'y') },
      [expect.stringMatching(/^METAD_HTTP_TLS_CERT is not usable: /)],
    ],
    [
      'a tokens file with faults',
      { METAD_HTTP_TOKENS_FILE: fileOf('t.yaml', 'tokens: [{ name: a, role: king }]') },
      [expect.stringMatching(/tokens\.0\.role: /), expect.stringMatching(/tokens\.0\.sha256: /)],
    ],
    [
      'an authority without a certificate of its own',
      { METAD_HTTP_TLS_CA: fileOf('ca2.pem', '') },
      ['METAD_HTTP_TLS_CA needs METAD_HTTP_TLS_CERT and METAD_HTTP_TLS_KEY'],
    ],
  ])('names %s', (_what, environment, expected) => {
    expect(faultsOf({ ...least, ...environment })).toEqual(expected);
  });

  it('do not mind what others put beside them', () => {
    const others = {
      METAD_NODE_PROGRAM: 'x',
      METAD_SERVICE_HOST: '10.0.0.1',
      METAD_SERVICE_PORT_HTTP: '8080',
      METAD_PORT: 'tcp://10.0.0.1:8080',
      METAD_PORT_8080_TCP_ADDR: '10.0.0.1',
      METADATA: 'y',
    };
    expect(faultsOf({ ...least, ...others })).toEqual([]);
  });

  it('are refused only where a name is close to one of them, and told of elsewhere', () => {
    const foreign = { METAD_RUN_ID: '7', METAD_HOST: 'a', METAD_PORT: '1', METAD_BINARY: 'metad' };
    expect(faultsOf({ ...least, ...foreign })).toEqual([]);
    expect(warningsOf({ ...least, ...foreign })).toEqual(
      Object.keys(foreign)
        .sort()
        .map((variable) => ({ variable, reason: 'is not a setting of metad: it has no effect' })),
    );
    for (const [close, meant] of [
      ['METAD_NODES', 'METAD_NODE'],
      ['METAD_CLUSTR', 'METAD_CLUSTER'],
      ['METAD_SNAPSHOT_ENTRY', 'METAD_SNAPSHOT_ENTRIES'],
    ] as const) {
      const reason = `${close} is not a setting of metad; did you mean ${meant}?`;
      expect(faultsOf({ ...least, [close]: 'x' })).toEqual([reason]);
      expect(warningsOf({ ...least, [close]: 'x' })).toEqual([]);
    }
  });

  it('warn of a secret that can be guessed, without telling it', () => {
    const warnings = warningsOf({ ...least, METAD_NODE_SECRET: 'sixteen characters,s3cret' });
    expect(warnings).toEqual([
      { variable: 'METAD_NODE_SECRET', reason: expect.stringContaining('16 characters') },
    ]);
    expect(JSON.stringify(warnings)).not.toContain('s3cret');
    expect(warningsOf({ ...least, METAD_NODE_SECRET: 'sixteen characters' })).toEqual([]);
  });

  it('may listen elsewhere with tokens, or with an authority for client certificates', () => {
    const tokens = fileOf('ok.yaml', 'tokens: []');
    const open = { ...least, METAD_HTTP_HOST: '0.0.0.0' };
    expect(faultsOf({ ...open, METAD_HTTP_TOKENS_FILE: tokens })).toEqual([]);
    expect(
      faultsOf({ ...open, METAD_HTTP_TLS_CERT: tokens, METAD_HTTP_TLS_KEY: tokens })[0],
    ).toMatch(/^METAD_HTTP_HOST/);
  });
});

describe('where a setting is from', () => {
  const file = fileOf('metad.yaml', 'METAD_NODE: n7\nMETAD_PARTITIONS: 3\nNATS_URL: nats://f\n');

  it('is a flag before the environment before the file before the default', () => {
    const process = { METAD_CONFIG_FILE: file, NATS_URL: 'nats://e', METAD_CLUSTER: 'east' };
    const { environment, sources } = gather(['--cluster', 'west'], process);
    expect(environment).toMatchObject({ METAD_CLUSTER: 'west', NATS_URL: 'nats://e' });
    const of = ['METAD_CLUSTER', 'NATS_URL', 'METAD_PARTITIONS', 'METAD_LOG_LEVEL'] as const;
    expect(of.map((name) => sources.get(name))).toEqual(['flag', 'environment', 'file', 'default']);
  });

  it('is told, with secrets masked, as a table and as JSON', () => {
    const environment = {
      METAD_CONFIG_FILE: file,
      DATABASE_URL: 'postgres://metad:hunter22@db/metad?password=alsosecret',
      METAD_NODE_SECRET: 'sixteen characters,another secret here',
    };
    const table = configPrint([], environment);
    expect(table.faults).toEqual([]);
    expect(table.out).toMatch(/^METAD_NODE +n7 +file$/m);
    expect(table.out).toMatch(/^METAD_DATA_DIR +\.\/data\/n7 +default$/m);
    expect(table.out).toMatch(/^METAD_NODE_SECRET +\*\*\* +environment$/m);
    expect(table.out).toMatch(
      /postgres:\/\/metad:\*\*\*@db\/metad\?password=\*\*\* +environment$/m,
    );
    const json = configPrint(['--output=json', '--http-port', '0'], environment);
    const rows = JSON.parse(json.out) as unknown[];
    expect(rows).toContainEqual({ variable: 'METAD_HTTP_PORT', value: '0', source: 'flag' });
    expect(table.out + json.out).not.toMatch(/hunter22|alsosecret|sixteen|another/);
  });

  it('is its default where a variable is empty', () => {
    const environment = { METAD_NODE: 'n1', NATS_URL: 'nats://e', METAD_HTTP_PORT: '' };
    const { out, faults } = configPrint(['--output', 'json'], environment);
    expect(JSON.parse(out)).toContainEqual({
      ...{ variable: 'METAD_HTTP_PORT', value: '8080', source: 'default' },
    });
    expect(faults).toEqual([]);
  });

  it('is told of a faulty configuration too, with the faults', () => {
    const { out, faults } = configPrint([], { METAD_NODE: 'n1' });
    expect(out).toMatch(/^NATS_URL +\(missing\) +default$/m);
    expect(faults).toEqual([{ variable: 'NATS_URL', reason: 'is required' }]);
  });

  it.each([
    ['METAD_NODES: n1', 'is not a setting of metad; did you mean METAD_NODE?'],
    ['METAD_NODE: [n1]', 'must be text or a number'],
    ['- a', 'must be a mapping'],
    ['a: &x 1\nb: *x', 'alias'],
  ])('refuses a file with %p', (text, reason) => {
    const environment = { METAD_CONFIG_FILE: fileOf('bad.yaml', text) };
    expect(() => gather([], environment)).toThrow(reason);
  });
});

describe('what is secret', () => {
  it('is found in URLs of every form', () => {
    const environment = {
      NATS_URL: 'nats://user:pass%40word@a,nats://lonetoken@b',
      DATABASE_URL: 'postgres://u:longpassword@h/d',
      METAD_NODE_SECRET: 'first-secret-of-two,second-secret-of-two',
    };
    expect(secretsIn(environment).sort()).toEqual([
      'first-secret-of-two',
      'lonetoken',
      'longpassword',
      'pass%40word',
      'pass@word',
      'second-secret-of-two',
    ]);
    expect(maskedUrl(environment.NATS_URL)).toBe('nats://user:***@a,nats://***@b');
  });
});
