import type { NodeName } from '@metad/foundation';
import { MemoryHub } from '@metad/raft';
import { RaftCluster } from './raft-cluster.js';
import type { ClusterOptions } from './raft-cluster.js';
import { VirtualTime } from './test-time.js';
import type { TestTime } from './test-time.js';

/** A cluster in virtual time, and the hub that decides what becomes of its frames. */
export async function startVirtualCluster(
  options: Partial<ClusterOptions>,
  loopOf?: (self: NodeName, time: VirtualTime) => Pick<TestTime, 'clock' | 'turns'>,
): Promise<{ cluster: RaftCluster; hub: MemoryHub }> {
  const time = new VirtualTime();
  const hub = new MemoryHub(time.clock);
  const transport = (self: NodeName) => Promise.resolve(hub.transport(self));
  const loops = loopOf === undefined ? {} : { loopOf: (self: NodeName) => loopOf(self, time) };
  const cluster = new RaftCluster({ transport, time, ...loops, ...options });
  await cluster.startAll();
  return { cluster, hub };
}
