import { describe, expect, it } from '@jest/globals';
import { brokerOf } from './broker-address.js';
import { brokerAddress } from './metactl/session/context.js';

const env = {
  NATS_URL: 'nats://a:4222, nats://b:4222',
  NATS_CREDS: '',
  NATS_NKEY: '/keys/ops.nk',
  NATS_TLS_CA: '/tls/ca.pem',
  NATS_TLS_CERT: '/tls/ops.pem',
  NATS_TLS_KEY: '/tls/ops.key',
  NATS_INBOX_PREFIX: '_INBOX.ops',
};

describe('the broker of an environment', () => {
  it('is reached with all that the environment proves itself by', () => {
    expect(brokerOf(env.NATS_URL, env)).toEqual({
      servers: ['nats://a:4222', 'nats://b:4222'],
      nkey: '/keys/ops.nk',
      tlsCa: '/tls/ca.pem',
      tlsCert: '/tls/ops.pem',
      tlsKey: '/tls/ops.key',
      inboxPrefix: '_INBOX.ops',
    });
  });

  it('is the same for metactl', () => {
    expect(brokerAddress(undefined, env)).toEqual(brokerOf(env.NATS_URL, env));
  });
});
