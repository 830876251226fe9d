import { nodeName } from '@metad/foundation';
import type { Clock, NodeName } from '@metad/foundation';
import { createReplica } from '../../../core/index.js';
import type { Message, ReplicaOptions } from '../../../core/index.js';
import { MemoryHub } from '../../../transport/memory-transport.js';
import { confOf } from '../../replica-group.js';
import type { Plan } from '../faults/plan.js';
import { plant } from '../faults/sabotage.js';
import type { Sabotage } from '../faults/sabotage.js';
import type { Oracle } from '../oracle/oracle.js';
import { HONEST } from '../workload/kv-machine.js';
import { Host } from '../world/host.js';
import type { Network } from '../world/network.js';
import type { World } from '../world/world.js';
import { CoreNode } from './core-node.js';
import type { SimNode } from './sim-node.js';
import { WholeNode } from './whole-node.js';

/** What the nodes of a run are made from. */
export interface Cast {
  readonly plan: Plan;
  readonly world: World;
  readonly network: Network;
  readonly oracle: Oracle;
  readonly sabotage: Sabotage | null;
}

const tickMs = 20;
const electionTicks = 10;

const namesOf = ({ voters, spares }: Plan): readonly NodeName[] =>
  Array.from({ length: voters + spares }, (_, at) => nodeName(`n${at + 1}`));

function hostOf({ plan, world }: Cast, name: NodeName): Host {
  const rate = 1 + (world.random.fraction() * 2 - 1) * plan.drift;
  return new Host(name, world, rate, world.random.below(5_000));
}

export function castCores(cast: Cast): readonly SimNode[] {
  const { plan, network, oracle, sabotage } = cast;
  const nodes = new Map<NodeName, CoreNode>();
  const names = namesOf(plan);
  const group = {
    oracle,
    bootstrap: confOf(names.slice(0, plan.voters)),
    tickMs,
    options: {
      electionTimeoutTicks: electionTicks,
      leaseReads: plan.leaseReads,
      appendBytesMax: plan.appendBytesMax,
      inflightAppendsMax: plan.inflightAppendsMax,
    },
    snapshotEntries: plan.snapshotEntries,
    bugs: sabotage?.machine ?? HONEST,
    createReplica: (options: ReplicaOptions) => plant(sabotage, createReplica(options)),
    send: (message: Message, image: Uint8Array | null): void => {
      network.send(message.from, message.to, () => nodes.get(message.to)?.receive(message, image));
    },
  };
  for (const name of names) nodes.set(name, new CoreNode(hostOf(cast, name), group));
  return [...nodes.values()];
}

export function castWholeNodes(cast: Cast): readonly SimNode[] {
  const { plan, world, network, oracle, sabotage } = cast;
  const names = namesOf(plan);
  const trueClock: Clock = {
    now: () => world.now,
    monotonic: () => world.now,
    after: (delayMs, callback) => world.after(delayMs, callback),
  };
  const hub = new MemoryHub(trueClock, { frameBytesMax: 64 * 1024 });
  hub.route = (from, to) => network.route(from, to);
  const group = {
    oracle,
    bootstrap: confOf(names.slice(0, plan.voters)),
    sabotage,
    hub,
    trueClock,
    limits: {
      heartbeatMs: 2 * tickMs,
      electionMs: electionTicks * tickMs,
      proposalTimeoutMs: 1_500,
      quietAfterTicks: 5,
      spreadMs: 700,
      snapshotEntries: plan.snapshotEntries,
      trailingEntries: world.random.below(20),
      snapshotChunkBytes: 1_024,
      appendBytesMax: plan.appendBytesMax,
      inflightAppendsMax: plan.inflightAppendsMax,
    },
  };
  return names.map((name) => {
    return new WholeNode(hostOf(cast, name), group, world.random.below(1 << 30));
  });
}
