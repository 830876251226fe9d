import { describe, expect, it } from '@jest/globals';
import { brokerLogin, brokerUrls } from './broker-url.js';

describe('the URLs of brokers', () => {
  it('may have spaces around their commas', () => {
    expect(brokerUrls(' nats://a:1, b ,c')).toEqual(['nats://a:1', 'b', 'c']);
  });

  it.each([
    [['nats://a:1', 'b'], { servers: ['a:1', 'b'] }],
    [['nats://[::1]:4222/'], { servers: ['[::1]:4222'] }],
    [
      ['nats://a', 'tls://ops:s%40e:same@b:1', 'nats://x:y@c'],
      { servers: ['a', 'b:1', 'c'], user: 'ops', pass: 's@e:same' },
    ],
    [['nats://sesame@a:1'], { servers: ['a:1'], token: 'sesame' }],
  ])('say who we are, apart from where the broker is: %p', (urls, login) => {
    expect(brokerLogin(urls)).toEqual(login);
  });
});
