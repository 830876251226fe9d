import type { MemoryHub } from '../../../transport/memory-transport.js';
import type { Transport } from '../../../transport/transport-port.js';
import type { Host } from '../world/host.js';

/** The memory transport as a process sees it that can be paused or killed. */
export function transportOf(hub: MemoryHub, host: Host): Transport {
  const inner = hub.transport(host.name);
  const { life } = host;
  const alive = (callback: () => void): void => {
    if (host.life === life) host.run(callback);
  };
  return {
    frameBytesMax: inner.frameBytesMax,
    listen: (handler) =>
      inner.listen((from, frame, respond) => alive(() => handler(from, frame, respond))),
    request: (to, frame, timeoutMs, onReply) => {
      inner.request(to, frame, timeoutMs, (failure, reply) => {
        alive(() => onReply(failure, reply));
      });
    },
    stats: () => inner.stats(),
    close: () => inner.close(),
  };
}
