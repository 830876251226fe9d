import type { ProposalFate, SimNode } from '../nodes/sim-node.js';
import type { World } from '../world/world.js';
import type { Operation } from './history.js';
import { encodeCommand } from './kv-command.js';
import type { KvCommand } from './kv-command.js';

const patienceMsMax = 600;
const triesMax = 12;

/** All that the clients of a run did and learned. */
export class Ledger {
  readonly operations: Operation[] = [];
  /** Commands that were acknowledged, with the index that was told. */
  readonly acknowledged = new Map<string, number>();
  /** Increments that were ever sent. */
  readonly increments = new Set<string>();
  reads = 0;
  retries = 0;
}

/**
 * A client as the contract wants it: it retries with the same command id until it knows the
 * outcome, elsewhere when refused; now and then it gives up, and never learns.
 */
export class Client {
  private sequence = 0;
  private target = 0;

  constructor(
    private readonly name: string,
    private readonly world: World,
    private readonly nodes: readonly SimNode[],
    private readonly ledger: Ledger,
    private readonly keys: number,
    private readonly thinkMs: number,
  ) {}

  /** Goes on for ever, one operation after the other. */
  start(isOver: () => boolean): void {
    const next = (): void => {
      if (!isOver())
        this.world.after(this.world.random.fraction() * 2 * this.thinkMs, () => this.operate(next));
    };
    next();
  }

  /** One write and one read that must succeed: proof of life after the faults. */
  prove(done: () => void): void {
    const write = (): void => this.write((applied) => (applied ? read() : write()));
    const read = (): void => this.read((value) => (value === null ? read() : done()));
    write();
  }

  private operate(done: () => void): void {
    const choice = this.world.random.below(10);
    if (choice < 4) this.read(done);
    else if (choice < 8) this.write(done);
    else this.increment(done);
  }

  private key(): string {
    return `r${this.world.random.below(this.keys)}`;
  }

  private write(done: (applied: boolean) => void): void {
    const id = this.nextId();
    const key = this.key();
    const operation: Operation = {
      kind: 'write',
      key,
      value: id,
      invokedAt: this.world.now,
      completedAt: Infinity,
    };
    this.ledger.operations.push(operation);
    this.send({ id, kind: 'set', key, value: id }, (applied) => {
      if (applied) operation.completedAt = this.world.now;
      done(applied);
    });
  }

  private increment(done: () => void): void {
    const id = this.nextId();
    this.ledger.increments.add(id);
    this.send({ id, kind: 'increment', key: 'counter', value: '-' }, done);
  }

  private read(done: (value: string | null) => void): void {
    const key = this.key();
    const invokedAt = this.world.now;
    const node = this.world.random.below(3) > 0 ? this.aim() : this.anybody();
    const answer = this.once<string | null>(null, (value) => {
      if (value === null) this.miss();
      else {
        this.ledger.reads += 1;
        const completedAt = this.world.now;
        this.ledger.operations.push({ kind: 'read', key, value, invokedAt, completedAt });
      }
      done(value);
    });
    this.reach(node, () => node.read(key, (value) => this.back(() => answer(value))));
  }

  private send(command: KvCommand, done: (applied: boolean) => void, tries = 0): void {
    const node = this.world.random.below(6) > 0 ? this.aim() : this.anybody();
    const answer = this.once<ProposalFate>('unknown', (fate) => {
      if (typeof fate === 'object') {
        this.ledger.acknowledged.set(command.id, fate.index);
        done(true);
      } else if (tries >= triesMax) {
        done(false);
      } else {
        this.miss();
        this.ledger.retries += 1;
        this.world.after(this.world.random.below(100), () => {
          this.send(command, done, tries + 1);
        });
      }
    });
    const data = encodeCommand(command);
    this.reach(node, () => node.propose(data, (fate) => this.back(() => answer(fate))));
  }

  /** The first answer counts; without one in time, `otherwise` does. */
  private once<T>(otherwise: T, done: (value: T) => void): (value: T) => void {
    let open = true;
    const answer = (value: T): void => {
      if (!open) return;
      open = false;
      cancel();
      done(value);
    };
    // Some are impatient: they find a new leader while the old one still believes in itself.
    const patience = 20 + this.world.random.fraction() ** 2 * patienceMsMax;
    const cancel = this.world.after(patience, () => answer(otherwise));
    return answer;
  }

  private reach(node: SimNode, act: () => void): void {
    this.world.after(this.world.random.fraction() * 2, () => node.host.run(act));
  }

  private back(act: () => void): void {
    this.world.after(this.world.random.fraction() * 2, act);
  }

  /** The node it talks to: the one that answered last. */
  private aim(): SimNode {
    return this.nodes[this.target % this.nodes.length] as SimNode;
  }

  private anybody(): SimNode {
    return this.nodes[this.world.random.below(this.nodes.length)] as SimNode;
  }

  /** Asks for the leader, or tries another. */
  private miss(): void {
    const leader = this.aim().status()?.leader ?? null;
    const at = this.nodes.findIndex(({ name }) => name === leader);
    const guess = at >= 0 && this.world.random.below(3) > 0;
    this.target = guess ? at : this.world.random.below(this.nodes.length);
  }

  private nextId(): string {
    this.sequence += 1;
    return `${this.name}.${this.sequence}`;
  }
}
