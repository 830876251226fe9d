import { describe, expect, it } from '@jest/globals';
import { UsageError, parseLaunchOptions } from './launch-options.js';

describe('launch options', () => {
  it('have defaults for everything', () => {
    expect(parseLaunchOptions(['--data', '/d'], {})).toEqual({
      nodes: 3,
      partitions: 8,
      dataDir: '/d',
      httpPort: 8080,
      natsPort: 4222,
      restart: true,
      verbose: false,
    });
  });

  it('take flags over the environment over defaults', () => {
    const env = { METAD_PARTITIONS: '30', METAD_HTTP_PORT: '0' };
    expect(parseLaunchOptions([], env)).toMatchObject({ partitions: 30, httpPort: 0 });
    expect(parseLaunchOptions(['--partitions', '4'], env)).toMatchObject({ partitions: 4 });
  });

  it('take no more nodes than a cluster has members, and empty variables for none', () => {
    expect(parseLaunchOptions(['--nodes', '15'], {})).toMatchObject({ nodes: 15 });
    const empty = { METAD_PARTITIONS: '', METAD_HTTP_PORT: '' };
    expect(parseLaunchOptions([], empty)).toMatchObject({ partitions: 8, httpPort: 8080 });
  });

  it.each([['--nodes', '0'], ['--nodes', '16'], ['--nodes', '1e3'], ['--nope'], ['stray']])(
    'refuse %s %s',
    (...args) => {
      expect(() => parseLaunchOptions(args, {})).toThrow(UsageError);
    },
  );

  it('know when help was asked for', () => {
    expect(parseLaunchOptions(['--help'], {})).toBeNull();
  });
});
