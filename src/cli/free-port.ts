import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Whether this port can be listened on now; another process may take it a moment later. */
export function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

const portsTriedMax = 200;
const chosenFrom = 10_000;
const chosenBelow = 20_000;

/**
 * A free port below the range that the system takes ports of outgoing connections from: one of
 * those may be gone before a server listens on it, or while the server is being restarted.
 */
export const freePort = (): Promise<number> =>
  nextFreePort(randomInt(chosenFrom, chosenBelow - portsTriedMax));

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
