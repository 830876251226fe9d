import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** Whether this port can be listened on now; another process may take it a moment later. */
export function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

/** A free port, chosen by the system. */
export function freePort(host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, host, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

const portsTriedMax = 200;

/** The first free port from `first` on, not among `taken`. Throws after 200. */
export async function nextFreePort(
  first: number,
  taken: ReadonlySet<number> = new Set(),
): Promise<number> {
  for (let port = first; port < first + portsTriedMax && port < 65_536; port += 1) {
    if (!taken.has(port) && (await isPortFree(port))) return port;
  }
  throw new Error(`no free port among the ${portsTriedMax} from ${first} on`);
}
