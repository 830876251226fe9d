import type { NodeName } from '@metad/foundation';
import type { World } from './world.js';

/** How links behave while faults are on. Chances in [0, 1], times in milliseconds. */
export interface LinkFaults {
  readonly loss: number;
  readonly duplication: number;
  readonly delayMs: number;
  /** Chance of a delay many times longer: what reorders messages across whole terms. */
  readonly straggling: number;
}

export const CALM: LinkFaults = { loss: 0, duplication: 0, delayMs: 1, straggling: 0 };

/**
 * The network between nodes: every delivery is an event of its own, lost, delayed, doubled and
 * overtaken as the faults say. A cut link loses what is sent and what is under way.
 */
export class Network {
  faults: LinkFaults = CALM;
  readonly counts = { sent: 0, lost: 0, duplicated: 0, straggled: 0, cut: 0 };
  private cuts = new Set<string>();

  constructor(private readonly world: World) {}

  cut(from: NodeName, to: NodeName): void {
    this.cuts.add(`${from}>${to}`);
  }

  mend(from: NodeName, to: NodeName): void {
    this.cuts.delete(`${from}>${to}`);
  }

  mendAll(): void {
    this.cuts.clear();
  }

  isCut(from: NodeName, to: NodeName): boolean {
    return this.cuts.has(`${from}>${to}`);
  }

  send(from: NodeName, to: NodeName, deliver: () => void): void {
    for (const delayMs of this.route(from, to)) {
      this.world.after(delayMs, () => {
        if (this.isCut(from, to)) this.counts.cut += 1;
        else deliver();
      });
    }
  }

  /** The delays of the copies that arrive, unless the link is cut meanwhile. */
  route(from: NodeName, to: NodeName): readonly number[] {
    const { random } = this.world;
    this.counts.sent += 1;
    if (this.isCut(from, to)) {
      this.counts.cut += 1;
      return [];
    }
    if (random.fraction() < this.faults.loss) {
      this.counts.lost += 1;
      return [];
    }
    if (random.fraction() >= this.faults.duplication) return [this.delay()];
    this.counts.duplicated += 1;
    return [this.delay(), this.delay()];
  }

  private delay(): number {
    const { random } = this.world;
    const { delayMs, straggling } = this.faults;
    const usual = 0.2 + random.fraction() * delayMs * 2;
    if (random.fraction() >= straggling) return usual;
    this.counts.straggled += 1;
    return usual + random.fraction() * 3_000;
  }
}
