import { isIPv6 } from 'node:net';

const SCHEMES = ['nats', 'tls', 'tcp'];
const PARTS = /^(?:([a-z]+):\/\/)?(?:([^\s/]*)@)?([^\s/@]+)\/?$/;

/** Whether a broker can be looked for there: `nats://user:password@host:4222` and parts of it. */
export function isBrokerUrl(text: string): boolean {
  const [, scheme = 'nats', , host = ''] = PARTS.exec(text) ?? [];
  return SCHEMES.includes(scheme) && URL.canParse(`http://${isIPv6(host) ? `[${host}]` : host}`);
}
