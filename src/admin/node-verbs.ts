import { z } from 'zod';
import { NAME_TOKEN } from '@metad/contract';
import { nodeName, type NodeName } from '@metad/foundation';
import type { RaftNode } from '@metad/raft';
import type { NodeFacts } from '../app/node-facts.js';
import type { Hello } from '../consensus/joining/bootstrap.js';
import type { PartitionDirectory } from '../consensus/partition-directory.js';
import type { AdminRouter } from './admin-router.js';

export interface NodeVerbSources {
  readonly facts: () => NodeFacts;
  readonly hello: () => Hello;
  /** Registers the identity of a node's disk in partition 0. */
  readonly admit: (node: NodeName, identity: string) => Promise<void>;
}

/** `node.hello`, `node.describe` and `cluster.map`: who this node is and what it knows. */
export function registerNodeVerbs(
  router: AdminRouter,
  { facts, hello, admit }: NodeVerbSources,
): void {
  router.register({
    noun: 'node',
    verb: 'admit',
    schema: z.strictObject({
      node: z.string().regex(NAME_TOKEN),
      identity: z.string().regex(/^[0-9a-f]{8,64}$/),
    }),
    changes: true,
    handle: async ({ node, identity }) => {
      await admit(nodeName(node), identity);
      return { node, identity };
    },
  });
  router.register({
    noun: 'node',
    verb: 'hello',
    schema: z.looseObject({ node: z.string() }),
    changes: false,
    handle: async () => hello(),
  });
  router.register({
    noun: 'node',
    verb: 'describe',
    schema: z.strictObject({}),
    changes: false,
    handle: async () => facts(),
  });
}

/** What can be drained: the lifecycle of this node. */
export interface Drainable {
  readonly state: string;
  drain(): Promise<void>;
  undrain(): void;
}

/** `node.drain` and `node.undrain`, of this node. */
export function registerDrainVerbs(router: AdminRouter, node: Drainable): void {
  const schema = z.strictObject({});
  router.register({
    noun: 'node',
    verb: 'drain',
    schema,
    changes: true,
    handle: async () => {
      await node.drain();
      return { state: node.state };
    },
  });
  router.register({
    noun: 'node',
    verb: 'undrain',
    schema,
    changes: true,
    handle: async () => {
      node.undrain();
      return { state: node.state };
    },
  });
}

/** `cluster.map`: where keys live; what a client routes by. */
export function registerClusterVerbs(
  router: AdminRouter,
  directory: PartitionDirectory,
  node: RaftNode,
): void {
  router.register({
    noun: 'cluster',
    verb: 'map',
    schema: z.strictObject({}),
    changes: false,
    handle: async () => {
      const { clusterId, incarnation, featureLevel, map } = directory.cluster();
      const leaders = map.partitions.map(({ partition }) => node.leaderOf(partition));
      return { clusterId, incarnation, featureLevel, map, leaders };
    },
  });
}
