import type { PeerName } from '../peers/peer.js';
import { startPeer } from '../peers/servers.js';
import { alternate } from './rounds.js';
import { Side } from './side.js';

/** A peer by itself, to see that its adapter is sound before it is compared. */
export async function measurePeer(
  peer: PeerName,
  options: { readonly directory: string },
): Promise<void> {
  const side = await Side.start(peer, options.directory, (directory) =>
    startPeer(peer, { directory }),
  );
  const rounds = { rounds: 1, seconds: 4, warmupSeconds: 2, repeatsMax: 0 };
  const shape = { records: 10_000, valueBytes: 256 };
  try {
    const arrival = { kind: 'closed', outstanding: 256 } as const;
    const fill = { operation: 'insert', arrival, ...shape } as const;
    await side.run({ ...fill, seconds: 0, warmupSeconds: 0 });
    for (const outstanding of [1, 64, 256, 1_000]) {
      const closed = { arrival: { kind: 'closed', outstanding } as const, ...shape };
      const put = { name: `commands@${outstanding}`, plan: { operation: 'put', ...closed } };
      await alternate([side], put as never, rounds);
      if (outstanding !== 256) continue;
      const get = { name: `reads@${outstanding}`, plan: { operation: 'get', ...closed } };
      await alternate([side], get as never, rounds);
    }
  } finally {
    await side.stop();
  }
}
