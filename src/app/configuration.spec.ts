import { describe, expect, it } from '@jest/globals';
import { ConfigurationError, environmentSchema, readConfiguration } from './configuration.js';

const faultsOf = (environment: NodeJS.ProcessEnv): string[] => {
  try {
    readConfiguration(environment);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults.map((fault) => fault.variable);
    throw error;
  }
  return [];
};
const reasonsOf = (environment: NodeJS.ProcessEnv): string[] => {
  try {
    readConfiguration(environment);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.faults.map(({ variable, reason }) => `${variable} ${reason}`);
  }
  return [];
};
const least = { METAD_NODE: 'n1', NATS_URL: 'nats://127.0.0.1:4222' };

describe('the configuration', () => {
  it('needs a node name and a broker, and has a default for everything else', () => {
    const configuration = readConfiguration(least);
    expect(configuration).toMatchObject({
      cluster: 'metad',
      members: ['n1'],
      dataDir: './data/n1',
      partitions: 8,
      database: null,
      http: { host: '127.0.0.1', port: 8080 },
      subjectPrefix: 'metad.v1',
      archive: 'keep',
      snapshotEntries: 10_000,
    });
  });

  it('names every fault at once', () => {
    expect(
      faultsOf({ METAD_NODE: 'a.b', METAD_PARTITIONS: 'many', METAD_ARCHIVE: 'soon' }).sort(),
    ).toEqual(['METAD_ARCHIVE', 'METAD_NODE', 'METAD_PARTITIONS', 'NATS_URL']);
  });

  it('refuses members that do not contain the node, and name a node twice', () => {
    expect(faultsOf({ ...least, METAD_MEMBERS: 'n2,n2' })).toEqual([
      'METAD_MEMBERS',
      'METAD_MEMBERS',
    ]);
  });

  it('refuses an election time-out that a single late heartbeat would reach', () => {
    expect(faultsOf({ ...least, METAD_ELECTION_MS: '200' })).toEqual(['METAD_ELECTION_MS']);
  });

  it.each(['metad', 'metad.v1', 'metad.v1.p', '$SYS', 'a..b', '*'])(
    'lets no inbox lie under its own subjects, or where nobody may answer: %s',
    (prefix) => {
      expect(faultsOf({ ...least, METAD_INBOX_PREFIX: prefix })).toEqual(['METAD_INBOX_PREFIX']);
    },
  );

  it('takes limits of its own', () => {
    const { limits, nats } = readConfiguration({
      ...{ ...least, METAD_REQUEST_BYTES_MAX: '2048', METAD_INBOX_PREFIX: 'acme.inbox' },
      ...{ METAD_PARTITION_IN_FLIGHT_MAX: '8', METAD_NODE_IN_FLIGHT_MAX: '16' },
    });
    expect(nats.inboxPrefix).toBe('acme.inbox');
    expect(limits).toEqual({
      ...{ requestBytesMax: 2_048, inFlightPerPartitionMax: 8, inFlightPerNodeMax: 16 },
    });
  });

  it('runs without SQL when the database URL is empty', () => {
    expect(readConfiguration({ ...least, DATABASE_URL: '' }).database).toBeNull();
  });

  it('takes an empty variable for one that is not set, whichever it is', () => {
    const empty = Object.fromEntries(
      Object.keys(environmentSchema.shape).map((name) => [name, '']),
    );
    expect(readConfiguration({ ...empty, ...least })).toEqual(readConfiguration(least));
    expect(readConfiguration({ ...least, METAD_HTTP_PORT: ' ' }).http.port).toBe(8080);
    expect(reasonsOf({ ...empty, METAD_NODE: 'n1' })).toEqual(['NATS_URL is required']);
  });

  it.each(['::::', 'nats://', 'http://127.0.0.1:4222', 'nats://a b', 'nats://a:99999', 'a,,b'])(
    'refuses %p, which is no broker, by name',
    (url) => {
      expect(reasonsOf({ ...least, NATS_URL: url })).toEqual([
        'NATS_URL must be URLs of brokers, such as nats://127.0.0.1:4222, with commas',
      ]);
    },
  );

  it.each([
    ['nats://a:4222, nats://b', ['nats://a:4222', 'nats://b']],
    ['127.0.0.1:4222', ['127.0.0.1:4222']],
    ['tls://ops:se:same@localhost:4222', ['tls://ops:se:same@localhost:4222']],
    ['nats://[::1]:4222,::1', ['nats://[::1]:4222', '::1']],
  ])('takes %p for brokers', (url, servers) => {
    expect(readConfiguration({ ...least, NATS_URL: url }).nats.servers).toEqual(servers);
  });

  it('says what an archive may be', () => {
    expect(reasonsOf({ ...least, METAD_ARCHIVE: '12x' })).toEqual([
      'METAD_ARCHIVE must be keep, off or a duration such as 30d',
    ]);
  });

  it('takes what its contract sets no bounds to', () => {
    const given = { METAD_SNAPSHOT_ENTRIES: '1', METAD_NODE_SECRET: 's3cret' };
    const { snapshotEntries, nodeSecrets } = readConfiguration({ ...least, ...given });
    expect([snapshotEntries, nodeSecrets]).toEqual([1, ['s3cret']]);
  });

  it.each(['trace', 'info', 'fatal', 'silent'])('takes the log level %s', (level) => {
    expect(readConfiguration({ ...least, METAD_LOG_LEVEL: level }).logLevel).toBe(level);
  });

  it('derives a schema that SQL takes unquoted', () => {
    const url = 'postgres://localhost/metad';
    const { database } = readConfiguration({ ...least, METAD_NODE: 'Rack-7', DATABASE_URL: url });
    expect(database).toEqual({ url, schema: 'metad_rack_7' });
  });

  it('reads an archive retention as milliseconds', () => {
    expect(readConfiguration({ ...least, METAD_ARCHIVE: '30d' }).archive).toBe(30 * 86_400_000);
  });
});
