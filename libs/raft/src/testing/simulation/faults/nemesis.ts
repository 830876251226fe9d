import type { NodeName } from '@metad/foundation';
import type { ConfState, ConfStep } from '../../../core/index.js';
import type { SimNode } from '../nodes/sim-node.js';
import type { Network } from '../world/network.js';
import type { World } from '../world/world.js';
import type { Mischief, Plan } from './plan.js';

type Act = () => void;

/** Does harm at random times, of the kinds that the plan allows; counts what it did. */
export class Nemesis {
  readonly counts: Record<string, number> = {};
  private active = true;
  private readonly acts: readonly (readonly [keyof Mischief, Act])[];

  constructor(
    private readonly world: World,
    private readonly network: Network,
    private readonly nodes: readonly SimNode[],
    private readonly plan: Plan,
  ) {
    const all: readonly (readonly [keyof Mischief, Act])[] = [
      ['splits', () => this.split()],
      ['oneWay', () => this.cutOneWay()],
      ['flapping', () => this.flap(10)],
      ['crashes', () => this.crash()],
      ['pauses', () => this.pause()],
      ['transfers', () => this.transfer()],
      ['membership', () => this.changeMembers()],
      ['deadLeaderSignals', () => this.signalDeadLeader()],
    ];
    this.acts = all.filter(([kind]) => plan.mischief[kind]);
  }

  start(): void {
    if (this.acts.length === 0) return;
    const next = (): void => {
      const delay = this.world.random.below(this.plan.mischiefEveryMs * 2);
      this.world.after(delay, () => {
        if (!this.active) return;
        const [kind, act] = this.pick(this.acts);
        this.counts[kind] = (this.counts[kind] ?? 0) + 1;
        act();
        next();
      });
    };
    next();
  }

  /** Undoes all harm: links mend, processes run. */
  stop(): void {
    this.active = false;
    this.network.mendAll();
    for (const node of this.nodes) {
      if (!node.host.up) node.start();
      node.host.resume();
    }
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.world.random.below(list.length)] as T;
  }

  private forAWhile(maxMs: number, undo: Act): void {
    this.world.after(50 + this.world.random.below(maxMs), () => {
      if (this.active) undo();
    });
  }

  private split(): void {
    const inside = new Set(this.nodes.filter(() => this.world.random.below(2) === 0));
    this.network.mendAll();
    for (const a of this.nodes) {
      for (const b of this.nodes) {
        if (inside.has(a) !== inside.has(b)) this.network.cut(a.name, b.name);
      }
    }
    this.forAWhile(4_000, () => this.network.mendAll());
  }

  private cutOneWay(): void {
    const [from, to] = [this.pick(this.nodes).name, this.pick(this.nodes).name];
    this.network.cut(from, to);
    this.forAWhile(4_000, () => this.network.mend(from, to));
  }

  private flap(times: number): void {
    const [a, b] = [this.pick(this.nodes).name, this.pick(this.nodes).name];
    this.network.cut(a, b);
    this.network.cut(b, a);
    this.forAWhile(200, () => {
      this.network.mend(a, b);
      this.network.mend(b, a);
      if (times > 0) this.forAWhile(200, () => this.flap(times - 1));
    });
  }

  private crash(): void {
    const node = this.pick(this.nodes);
    if (!node.host.up) return;
    node.crash();
    this.forAWhile(3_000, () => {
      if (!node.host.up) node.start();
    });
  }

  private pause(): void {
    const { host } = this.pick(this.nodes);
    host.pause();
    this.forAWhile(3_000, () => host.resume());
  }

  private leader(): SimNode | null {
    const leaders = this.nodes.filter((node) => node.status()?.role === 'leader');
    return leaders.length === 0 ? null : this.pick(leaders);
  }

  private transfer(): void {
    this.leader()?.transfer(this.pick(this.nodes).name);
  }

  private changeMembers(): void {
    const leader = this.leader();
    const conf = leader?.status()?.confInForce;
    if (leader === null || conf === undefined) return;
    const count = 1 + this.world.random.below(3);
    const steps = Array.from({ length: count }, () => this.drawStep(conf));
    const joint = conf.votersOutgoing.length > 0;
    leader.changeMembers({
      steps: joint ? [] : steps,
      autoLeave: this.world.random.below(4) > 0,
    });
  }

  /** Between two and five voters. */
  private drawStep(conf: ConfState): ConfStep {
    const node: NodeName = this.pick(this.nodes).name;
    const isVoter = conf.voters.includes(node);
    if (!isVoter) {
      const few = conf.voters.length < 5;
      return { action: few && this.world.random.below(3) > 0 ? 'addVoter' : 'addLearner', node };
    }
    if (conf.voters.length <= 2) return { action: 'addVoter', node };
    return { action: this.world.random.below(2) > 0 ? 'remove' : 'addLearner', node };
  }

  private signalDeadLeader(): void {
    const leader = this.leader()?.name;
    if (leader === undefined) return;
    const followers = this.nodes.filter((node) => node.host.up && node.name !== leader);
    if (followers.length === 0) return;
    const first = this.pick(followers);
    for (const node of followers) {
      if (this.world.random.below(4) > 0) node.leaderGone(leader, node === first);
    }
  }
}
