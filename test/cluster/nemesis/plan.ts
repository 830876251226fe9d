import type { Random } from '@metad/foundation';
import { LINK_MANNERS } from './fault.js';
import type { Fault, FaultKind, PlannedFault } from './fault.js';

export interface PlanOptions {
  readonly nodes: number;
  readonly durationMs: number;
  /** Which faults may be drawn; what the machine cannot do is left out. */
  readonly kinds: readonly FaultKind[];
  /** Longest fault; a pause may take as long, the others take a part of it. */
  readonly faultMsMax: number;
}

const faultMsMin = 500;
const quietMsMin = 1_500;
const quietMsMax = 5_000;
const clockStepMsMax = 120_000;

/**
 * Draws faults until the time is filled. Kinds come from a shuffled deck, so that a run of enough
 * length meets every kind; between two faults the cluster has a few seconds to recover, except
 * that every fourth fault begins while the one before it still lasts.
 */
export function planFaults(random: Random, options: PlanOptions): PlannedFault[] {
  if (options.kinds.length === 0) return [];
  const planned: PlannedFault[] = [];
  let deck: FaultKind[] = [];
  let at = quietMsMin;
  for (;;) {
    if (deck.length === 0) deck = shuffled(random, options.kinds);
    const kind = deck.pop() as FaultKind;
    const lasts = lastsOf(random, kind, options.faultMsMax);
    if (at + lasts > options.durationMs) return planned;
    planned.push({ at, lasts, fault: draw(random, kind, options.nodes) });
    const overlaps = random.below(4) === 0;
    at += overlaps ? Math.floor(lasts / 2) : lasts + between(random, quietMsMin, quietMsMax);
  }
}

function lastsOf(random: Random, kind: FaultKind, longest: number): number {
  if (kind === 'pause') return between(random, faultMsMin, longest);
  return between(random, faultMsMin, Math.max(faultMsMin, Math.floor(longest / 3)));
}

function draw(random: Random, kind: FaultKind, nodes: number): Fault {
  switch (kind) {
    case 'kill':
    case 'pause':
      return { kind, nodes: someOf(random, nodes, 1 + random.below(nodes)) };
    case 'restart-broker':
      return { kind, broker: random.below(nodes) };
    case 'split': {
      const manner = LINK_MANNERS[random.below(LINK_MANNERS.length)] ?? 'stall';
      return { kind, manner, side: someOf(random, nodes, 1 + random.below(nodes - 1)) };
    }
    case 'step-clock': {
      const offsetMs = between(random, -clockStepMsMax, clockStepMsMax);
      return { kind, node: random.below(nodes), offsetMs };
    }
    case 'power-loss':
    case 'restart-database':
    case 'fill-disk':
      return { kind };
  }
}

/** `count` different numbers below `bound`, in order; mostly few, since a minority is the rule. */
function someOf(random: Random, bound: number, count: number): number[] {
  const few = random.below(3) > 0 ? Math.min(count, Math.floor((bound - 1) / 2)) : count;
  const all = Array.from({ length: bound }, (_, at) => at);
  return shuffled(random, all)
    .slice(0, Math.max(1, few))
    .sort((a, b) => a - b);
}

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const deck = [...items];
  for (let at = deck.length - 1; at > 0; at -= 1) {
    const other = random.below(at + 1);
    [deck[at], deck[other]] = [deck[other] as T, deck[at] as T];
  }
  return deck;
}

function between(random: Random, low: number, high: number): number {
  return low + random.below(Math.max(1, high - low + 1));
}
