import type { NodeName } from '@metad/foundation';
import type { Message } from '../core/index.js';
import type { QuietNotice } from './frame/round-frame.js';
import type { Partition } from './partition/partition.js';
import type { Peers } from './peer/peers.js';

/**
 * Which partitions live and which rest. A leader whose partition has had nothing to do for a while,
 * and whose followers have everything, tells them so and stops its ticks; a follower that agrees on
 * term and commit stops its own. A resting partition costs nothing; it rests on the liveness of its
 * leader's node. Anything that happens to it wakes it: a message, a proposal, a read, a peer that
 * went away or came back.
 */
export class Activity {
  private readonly active = new Set<Partition>();

  constructor(
    private readonly peers: Peers,
    private readonly quietAfterTicks: number,
  ) {}

  get activeCount(): number {
    return this.active.size;
  }

  add(partition: Partition): void {
    this.active.add(partition);
  }

  remove(partition: Partition): void {
    this.active.delete(partition);
  }

  partitions(): IterableIterator<Partition> {
    return this.active.values();
  }

  wake(partition: Partition): void {
    if (partition.state !== 'quiet') return;
    partition.idleTicks = 0;
    partition.state = 'running';
    this.active.add(partition);
  }

  /** Most messages wake; a late one that a leader sends by the way must not keep awake. */
  onMessage(partition: Partition, message: Message): void {
    if (partition.state !== 'quiet') return;
    const { kind } = message;
    const byTheWay = kind === 'heartbeat' || kind === 'heartbeatResponse' || kind === 'commit';
    if (!byTheWay) this.wake(partition);
  }

  /** Called once a tick for an active partition: lets it rest when it may. */
  maybeRest(partition: Partition): void {
    if (partition.role !== 'leader' || partition.state !== 'running') return;
    partition.idleTicks += 1;
    if (partition.idleTicks < this.quietAfterTicks || !this.mayRest(partition)) return;
    partition.idleTicks = 0;
    const { term, commit, confInForce: conf } = partition.replica.status();
    this.rest(partition);
    for (const peer of [...conf.voters, ...conf.learners]) {
      // A peer that is down gets its notice when it is back: its return wakes the partition.
      if (peer === this.peers.self || this.peers.isDown(peer)) continue;
      this.peers.of(peer).postQuiet({ partition: partition.id, term, commit });
    }
  }

  /** The leader's word that the partition rests; false when this replica knows better. */
  onQuiet(partition: Partition, from: NodeName, notice: QuietNotice): boolean {
    if (partition.state === 'quiet') return true;
    const { role, leader, term, commit, applied, lastIndex } = partition.replica.status();
    const agrees = role === 'follower' && leader === from && term === notice.term;
    const complete = commit === notice.commit && lastIndex === commit && applied === commit;
    if (partition.state !== 'running' || !agrees || !complete) return false;
    this.rest(partition);
    return true;
  }

  private mayRest(partition: Partition): boolean {
    const { proposals, reads, applying, waiters, openBatch } = partition;
    if (proposals.inFlight > 0 || reads.waiting > 0 || waiters.waiting > 0) return false;
    if (!applying.isEmpty || openBatch !== null || partition.snapshotting) return false;
    return partition.serving && partition.replica.canQuiesce() && this.hasQuorum(partition);
  }

  /** As far as the liveness of nodes tells. A leader without one must tick, to find out. */
  hasQuorum(partition: Partition): boolean {
    const { voters } = partition.replica.status().confInForce;
    const alive = voters.filter((voter) => !this.peers.isDown(voter));
    return alive.length > voters.length / 2;
  }

  private rest(partition: Partition): void {
    partition.state = 'quiet';
    partition.campaignIn = -1;
    this.active.delete(partition);
  }
}
