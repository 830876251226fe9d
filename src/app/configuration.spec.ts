import { describe, expect, it } from '@jest/globals';
import { ConfigurationError, readConfiguration } from './configuration.js';

const faultsOf = (environment: NodeJS.ProcessEnv): string[] => {
  try {
    readConfiguration(environment);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults.map((fault) => fault.variable);
    throw error;
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

  it('derives a schema that SQL takes unquoted', () => {
    const url = 'postgres://localhost/metad';
    const { database } = readConfiguration({ ...least, METAD_NODE: 'Rack-7', DATABASE_URL: url });
    expect(database).toEqual({ url, schema: 'metad_rack_7' });
  });

  it('reads an archive retention as milliseconds', () => {
    expect(readConfiguration({ ...least, METAD_ARCHIVE: '30d' }).archive).toBe(30 * 86_400_000);
  });
});
