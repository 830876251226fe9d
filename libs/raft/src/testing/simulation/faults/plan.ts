import { seededRandom } from '@metad/foundation';
import type { Random } from '@metad/foundation';
import type { LinkFaults } from '../world/network.js';

/** How the disks of a run behave. Times in milliseconds, chances in [0, 1]. */
export interface DiskFaults {
  readonly syncMs: number;
  /** One node's disk is so many times slower than the others'. */
  readonly laggardFactor: number;
  /** Chance that a sync takes `stallMs` instead. */
  readonly stalling: number;
  readonly stallMs: number;
}

/** What the nemesis may do in a run; every seed draws its own mixture. */
export interface Mischief {
  readonly splits: boolean;
  readonly oneWay: boolean;
  readonly flapping: boolean;
  readonly crashes: boolean;
  readonly pauses: boolean;
  readonly transfers: boolean;
  readonly membership: boolean;
  readonly deadLeaderSignals: boolean;
  readonly duels: boolean;
  readonly slowDisks: boolean;
  /** Strike at telling moments: an election won, a commit index just moved. */
  readonly ambushes: boolean;
  readonly fullDisks: boolean;
  readonly failingSyncs: boolean;
  /** All nodes lose power at once. */
  readonly blackouts: boolean;
  /** One node's log loses a bit, and it restarts. Not together with membership changes. */
  readonly bitRot: boolean;
}

/** Everything that a seed decides before the run begins. */
export interface Plan {
  readonly seed: number;
  readonly voters: number;
  /** Nodes that exist but do not belong to the group at first. */
  readonly spares: number;
  readonly links: LinkFaults;
  readonly disk: DiskFaults;
  readonly mischief: Mischief;
  /** Mean time between two acts of the nemesis. */
  readonly mischiefEveryMs: number;
  /** Chance that the nemesis strikes at a telling moment. */
  readonly ambushRate: number;
  /** How often the nemesis picks the leader as its victim, rather than anybody. */
  readonly leaderHunt: number;
  /** Rates of the nodes' clocks lie in [1 − drift, 1 + drift]. */
  readonly drift: number;
  readonly snapshotEntries: number;
  readonly leaseReads: boolean;
  readonly appendBytesMax: number;
  readonly inflightAppendsMax: number;
  readonly clients: number;
  readonly keys: number;
  /** Mean pause of a client between two operations. */
  readonly thinkMs: number;
  /** How long faults last. */
  readonly faultsMs: number;
  /** After the faults stop, everything must work again within this time. */
  readonly recoveryMs: number;
}

const often = (random: Random, chance: number): boolean => random.fraction() < chance;

const drawLinks = (random: Random): LinkFaults => ({
  loss: often(random, 0.5) ? random.fraction() * 0.15 : 0,
  duplication: often(random, 0.5) ? random.fraction() * 0.2 : 0,
  delayMs: often(random, 0.5) ? 1 + random.below(40) : 1,
  straggling: often(random, 0.4) ? random.fraction() * 0.05 : 0,
});

const drawDisk = (random: Random): DiskFaults => ({
  syncMs: often(random, 0.4) ? 1 + random.below(60) : 1,
  laggardFactor: often(random, 0.4) ? 1 + random.below(30) : 1,
  stalling: often(random, 0.3) ? random.fraction() * 0.003 : 0,
  stallMs: 200 + random.below(2_000),
});

const drawMischief = (random: Random): Mischief => ({
  splits: often(random, 0.5),
  oneWay: often(random, 0.4),
  flapping: often(random, 0.3),
  crashes: often(random, 0.6),
  pauses: often(random, 0.4),
  transfers: often(random, 0.5),
  membership: often(random, 0.5),
  deadLeaderSignals: often(random, 0.4),
  duels: often(random, 0.4),
  slowDisks: often(random, 0.4),
  ambushes: often(random, 0.4),
  fullDisks: often(random, 0.15),
  failingSyncs: often(random, 0.2),
  bitRot: often(random, 0.15),
  blackouts: often(random, 0.2),
});

export function drawPlan(seed: number, faultsMs = 6_000): Plan {
  const random = seededRandom(seed ^ 0x5eed);
  const drift = often(random, 0.3) ? random.fraction() * 0.3 : 0;
  return {
    seed,
    // Three voters most often: every quorum then hangs on one replica.
    voters: 3 + Math.max(0, random.below(5) - 2),
    spares: random.below(3),
    links: drawLinks(random),
    disk: drawDisk(random),
    mischief: drawMischief(random),
    // From a storm of one act in 50 ms to one in 3.2 s, evenly over the magnitudes.
    mischiefEveryMs: 50 * 2 ** (random.fraction() * 6),
    ambushRate: 0.003 * 2 ** (random.fraction() * 5),
    leaderHunt: random.fraction(),
    drift,
    snapshotEntries: often(random, 0.7) ? 10 + random.below(150) : 1_000_000,
    // Half the election time-out is the lease: it bears a factor of 2 between clocks, not more.
    leaseReads: often(random, 0.2),
    appendBytesMax: often(random, 0.5) ? 60 + random.below(400) : 1 << 20,
    inflightAppendsMax: often(random, 0.5) ? 1 + random.below(4) : 64,
    clients: 3 + random.below(6),
    keys: 1 + random.below(3),
    thinkMs: 2 ** (1 + random.below(6)),
    faultsMs,
    recoveryMs: 30_000,
  };
}

const NO_MISCHIEF: Mischief = {
  splits: false,
  oneWay: false,
  flapping: false,
  crashes: false,
  pauses: false,
  transfers: false,
  membership: false,
  deadLeaderSignals: false,
  duels: false,
  slowDisks: false,
  ambushes: false,
  fullDisks: false,
  failingSyncs: false,
  bitRot: false,
  blackouts: false,
};

/** The same draw, but with these faults and no others. */
export interface Focus {
  readonly mischief: readonly (keyof Mischief)[];
  readonly settings?: Partial<Plan>;
}

export function focused(plan: Plan, { mischief, settings }: Focus): Plan {
  const only = Object.fromEntries(mischief.map((kind) => [kind, true]));
  return { ...plan, ...settings, mischief: { ...NO_MISCHIEF, ...only } };
}
