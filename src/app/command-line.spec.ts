import { describe, expect, it } from '@jest/globals';
import { flagsToEnvironment } from './command-line.js';

describe('the command line of a node', () => {
  it('takes every variable as a flag, with a space or an equals sign', () => {
    const flags = ['--node', 'n1', '--http-port=0', '--nats-url', 'nats://a:1,nats://b:2'];
    expect(flagsToEnvironment(flags)).toEqual({
      METAD_NODE: 'n1',
      METAD_HTTP_PORT: '0',
      NATS_URL: 'nats://a:1,nats://b:2',
    });
  });

  it('keeps an equals sign inside a value', () => {
    expect(flagsToEnvironment(['--database-url=postgres://h/d?a=b'])).toEqual({
      DATABASE_URL: 'postgres://h/d?a=b',
    });
  });

  it('names an unknown flag, and a flag without its value', () => {
    expect(() => flagsToEnvironment(['--nodes', '3'])).toThrow('unknown flag --nodes');
    expect(() => flagsToEnvironment(['--node'])).toThrow('--node needs a value');
  });
});
