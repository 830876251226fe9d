import type { Beat } from '../frame/round-frame.js';

/** What this node believes of a peer's process. */
export type PeerState = 'unknown' | 'alive' | 'silent' | 'gone';

/** What a piece of evidence changed. */
export type LivenessChange = 'none' | 'up' | 'restarted' | 'down';

/**
 * Whether a peer's process answers. Silence is counted in ticks of this node, at most one for each
 * turn of its own loop, so that a node that was busy or paused does not take its own absence for
 * that of the others. `gone` (nobody listens on the peer's subject) needs no patience at all.
 */
export class Liveness {
  state: PeerState = 'unknown';
  beat: Beat | null = null;
  ticksSinceHeard = 0;

  constructor(private readonly silenceTicks: number) {}

  get isDown(): boolean {
    return this.state === 'silent' || this.state === 'gone';
  }

  heard(beat: Beat): LivenessChange {
    const restarted = this.beat !== null && this.beat.boot !== beat.boot;
    const wasAlive = this.state === 'alive';
    this.beat = beat;
    this.ticksSinceHeard = 0;
    this.state = 'alive';
    if (restarted) return 'restarted';
    return wasAlive ? 'none' : 'up';
  }

  gone(): LivenessChange {
    const change = this.isDown ? 'none' : 'down';
    this.state = 'gone';
    return change;
  }

  tick(): LivenessChange {
    this.ticksSinceHeard += 1;
    if (this.state !== 'alive' || this.ticksSinceHeard < this.silenceTicks) return 'none';
    this.state = 'silent';
    return 'down';
  }
}
