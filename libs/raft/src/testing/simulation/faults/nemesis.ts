import type { NodeName } from '@metad/foundation';
import type { ConfState, ConfStep } from '../../../core/index.js';
import type { SimNode } from '../nodes/sim-node.js';
import type { Network } from '../world/network.js';
import type { World } from '../world/world.js';
import type { Mischief, Plan } from './plan.js';

type Act = () => void;

const ofFiles: ReadonlySet<keyof Mischief> = new Set(['fullDisks', 'failingSyncs', 'bitRot']);

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
      ['duels', () => this.duel()],
      ['slowDisks', () => this.slowDisk()],
      ['fullDisks', () => this.fullDisk()],
      ['failingSyncs', () => this.victim().failSync()],
      ['bitRot', () => this.rot()],
      ['blackouts', () => this.blackout()],
    ];
    this.acts = all.filter(([kind]) => plan.mischief[kind]);
  }

  start(): void {
    if (this.acts.length === 0) return;
    const next = (): void => {
      const delay = this.world.random.fraction() * this.plan.mischiefEveryMs * 2;
      this.world.after(delay, () => {
        if (!this.active) return;
        const [kind, act] = this.pick(this.acts);
        // What befalls files is counted by the nodes that have some.
        if (!ofFiles.has(kind)) this.counts[kind] = (this.counts[kind] ?? 0) + 1;
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
      node.slowDisk(1);
      node.fullDisk(false);
    }
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.world.random.below(list.length)] as T;
  }

  private forAWhile(maxMs: number, undo: Act): void {
    this.world.after(1 + this.world.random.fraction() * maxMs, () => {
      if (this.active) undo();
    });
  }

  /** Somebody, or the leader. */
  private victim(): SimNode {
    const hunted = this.world.random.fraction() < this.plan.leaderHunt ? this.leader() : null;
    return hunted ?? this.pick(this.nodes);
  }

  private split(): void {
    const alone = this.world.random.below(2) === 0;
    const inside = new Set(
      alone ? [this.victim()] : this.nodes.filter(() => this.world.random.below(2) === 0),
    );
    this.network.mendAll();
    for (const a of this.nodes) {
      for (const b of this.nodes) {
        if (inside.has(a) !== inside.has(b)) this.network.cut(a.name, b.name);
      }
    }
    this.forAWhile(2_000, () => this.network.mendAll());
  }

  private cutOneWay(): void {
    const ends = [this.victim().name, this.pick(this.nodes).name] as const;
    const [from, to] = this.world.random.below(2) > 0 ? ends : [ends[1], ends[0]];
    this.network.cut(from, to);
    this.forAWhile(2_000, () => this.network.mend(from, to));
  }

  private flap(times: number): void {
    const [a, b] = [this.victim().name, this.pick(this.nodes).name];
    this.network.cut(a, b);
    this.network.cut(b, a);
    this.forAWhile(200, () => {
      this.network.mend(a, b);
      this.network.mend(b, a);
      if (times > 0) this.forAWhile(200, () => this.flap(times - 1));
    });
  }

  private crash(): void {
    // Some come back at once: that is when forgotten promises show.
    this.crashFor(this.victim(), this.world.random.below(2) > 0 ? 1_500 : 30);
  }

  private crashFor(node: SimNode, maxMs: number): void {
    if (!node.host.up) return;
    node.crash();
    this.forAWhile(maxMs, () => {
      if (!node.host.up) node.start();
    });
  }

  private blackout(): void {
    for (const node of this.nodes) this.crashFor(node, 300);
  }

  private pause(): void {
    const { host } = this.victim();
    host.pause();
    this.forAWhile(1_500, () => host.resume());
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

  /** The leader's node is cut off, and the others are told at once. */
  private signalDeadLeader(): void {
    const leader = this.leader()?.name;
    if (leader === undefined) return;
    const others = this.nodes.filter((node) => node.host.up && node.name !== leader);
    if (others.length === 0) return;
    for (const { name } of this.world.random.below(4) > 0 ? others : []) {
      this.network.cut(leader, name);
      this.network.cut(name, leader);
    }
    const first = this.pick(others);
    for (const node of others) {
      if (this.world.random.below(4) > 0) node.leaderGone(leader, node === first);
    }
    this.forAWhile(1_500, () => this.network.mendAll());
  }

  /** The leader dies, two others campaign at once, and whoever returned dies while it votes. */
  private duel(): void {
    const old = this.leader() ?? this.pick(this.nodes);
    const rivals = this.nodes.filter((node) => node !== old);
    const first = this.world.random.below(rivals.length);
    const duellists = [rivals[first], rivals[(first + 1) % rivals.length]];
    const tripMs = 1 + this.plan.links.delayMs;
    this.crashFor(old, 2 * tripMs);
    // What the old leader sent must be over, or it would call the duellists back.
    this.world.after(2 * tripMs, () => {
      if (!this.active) return;
      for (const node of rivals) node.leaderGone(old.name, duellists.includes(node));
      for (let times = this.world.random.below(6); times > 0; times -= 1) {
        this.world.after(this.world.random.fraction() * 6 * tripMs, () => {
          if (this.active) this.crashFor(old, 5);
        });
      }
    });
  }

  private slowDisk(): void {
    const node = this.victim();
    node.slowDisk(10 + this.world.random.below(100));
    this.forAWhile(1_500, () => node.slowDisk(1));
  }

  private fullDisk(): void {
    const node = this.victim();
    node.fullDisk(true);
    this.forAWhile(1_500, () => node.fullDisk(false));
  }

  /** One node at a time, so that a quorum keeps what was acknowledged. */
  private rot(): void {
    const { membership } = this.plan.mischief;
    if (membership || this.nodes.some((node) => node.damaged)) return;
    const node = this.pick(this.nodes.slice(0, this.plan.voters));
    if (!node.host.up) return;
    node.rot();
    this.crashFor(node, 30);
  }

  /** Something telling happened at `node`: strike, now and then, before the news spreads. */
  onMoment(node: SimNode): void {
    const { random } = this.world;
    if (!this.active || !this.plan.mischief.ambushes || random.fraction() > this.plan.ambushRate)
      return;
    this.counts['ambushes'] = (this.counts['ambushes'] ?? 0) + 1;
    this.world.after(random.fraction() * 3, () => {
      if (!this.active) return;
      if (random.below(2) === 0) this.crashFor(node, random.below(2) > 0 ? 800 : 30);
      else this.isolate(node);
    });
  }

  private isolate(node: SimNode): void {
    for (const { name } of this.nodes) {
      this.network.cut(node.name, name);
      this.network.cut(name, node.name);
    }
    this.forAWhile(1_500, () => this.network.mendAll());
  }
}
