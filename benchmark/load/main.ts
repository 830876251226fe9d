import { connectPeer } from '../peers/clients.js';
import type { PeerAddress } from '../peers/peer.js';
import type { LoadPlan } from './load-plan.js';
import { runLoad } from './run-load.js';

/**
 * The load generator's process: told over IPC where its peer is, then one plan at a time. It is a
 * process of its own so that its CPU is seen apart, and so that no side pays for another's client.
 */
async function main(): Promise<void> {
  const address = JSON.parse(process.argv[2] ?? '') as PeerAddress;
  const client = await connectPeer(address);
  process.on('message', (plan: LoadPlan) => {
    runLoad(client, plan).then(
      (result) => process.send?.({ result }),
      (error: unknown) => process.send?.({ error: String(error) }),
    );
  });
  process.once('disconnect', () => process.exit(0));
  process.send?.({ ready: true });
}

main().catch((error: unknown) => {
  process.send?.({ error: String(error) });
  process.exit(1);
});
