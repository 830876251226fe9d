import type { Clock, NodeName } from '@metad/foundation';

/** What a node says of itself to a peer that wants to know whether the cluster exists already. */
export interface Hello {
  readonly node: string;
  readonly cluster: string;
  readonly members: readonly string[];
  readonly partitions: number;
  /** Random, made with the data directory: an emptied disk comes back with another one. */
  readonly identity: string;
  /** Incarnation of the history this node holds; null while it holds none. */
  readonly incarnation: string | null;
  /** Identities that partition 0 has registered, by node; empty without a history. */
  readonly registered: Readonly<Record<string, string>>;
}

/** Asks one peer; null when it does not answer. */
export type AskPeer = (peer: NodeName, hello: Hello) => Promise<Hello | null>;

export type BootstrapVerdict =
  /** A majority of the initial members, this one included, holds nothing yet: begin a history. */
  | { readonly kind: 'begin' }
  /** A history exists in which this name has never taken part: register with `peer`, then begin. */
  | { readonly kind: 'join'; readonly peer: NodeName }
  /** A history exists in which this node's name has voted, yet its disk is empty. */
  | { readonly kind: 'forgotten'; readonly peer: string; readonly incarnation: string }
  /** A peer was configured for another cluster. */
  | { readonly kind: 'disagree'; readonly peer: string; readonly about: string };

const retryMs = 300;

/**
 * Decides whether a node with an empty disk may begin. A name that has voted before must never
 * vote again from an empty disk: it could elect a leader that lacks acknowledged entries. So an
 * empty node begins only when a majority of the initial members says that it is empty too; where a
 * history exists it registers its identity there first, and stops when its name has another one.
 * Waits for as long as too few members answer.
 */
export async function decideBootstrap(
  self: Hello,
  ask: AskPeer,
  clock: Clock,
  onWaiting: (answered: number, needed: number) => void,
): Promise<BootstrapVerdict> {
  const peers = self.members.filter((member) => member !== self.node) as NodeName[];
  const needed = Math.floor(self.members.length / 2) + 1;
  for (;;) {
    const answers = await Promise.all(peers.map((peer) => ask(peer, self)));
    const heard = answers.filter((answer): answer is Hello => answer !== null);
    const verdict = judge(self, heard, needed);
    if (verdict !== null) return verdict;
    onWaiting(heard.length + 1, needed);
    await new Promise<void>((resolve) => clock.after(retryMs, resolve));
  }
}

/** Null while too few have answered. */
export function judge(
  self: Hello,
  heard: readonly Hello[],
  needed: number,
): BootstrapVerdict | null {
  for (const peer of heard) {
    const about = disagreement(self, peer);
    if (about !== null) return { kind: 'disagree', peer: peer.node, about };
    if (peer.incarnation !== null) return judgeHistory(self, peer, peer.incarnation);
  }
  return heard.length + 1 >= needed ? { kind: 'begin' } : null;
}

function judgeHistory(self: Hello, peer: Hello, incarnation: string): BootstrapVerdict {
  const known = peer.registered[self.node];
  if (known === undefined) return { kind: 'join', peer: peer.node as NodeName };
  if (known === self.identity) return { kind: 'begin' };
  return { kind: 'forgotten', peer: peer.node, incarnation };
}

function disagreement(self: Hello, peer: Hello): string | null {
  if (peer.cluster !== self.cluster) {
    return `METAD_CLUSTER is ${self.cluster} here and ${peer.cluster} there`;
  }
  if (peer.incarnation !== null) return null; // From then on partition 0 rules, not settings.
  const [here, there] = [self.members, peer.members].map((names) => [...names].sort().join(','));
  if (here !== there) return `METAD_MEMBERS is ${here} here and ${there} there`;
  if (peer.partitions !== self.partitions) {
    return `METAD_PARTITIONS is ${self.partitions} here and ${peer.partitions} there`;
  }
  return null;
}
