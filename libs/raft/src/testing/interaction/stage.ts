import { nodeName } from '@metad/foundation';
import type { NodeName } from '@metad/foundation';
import type { ConfState, Message, Replica, ReplicaOptions } from '../../core/index.js';
import { MemoryLog } from '../memory-log.js';
import { confOf } from '../replica-group.js';
import { Actor } from './actor.js';
import { showMessage, showStatus } from './format.js';
import { Wires } from './wires.js';

/** Rounds of delivery after which a script counts as never settling. */
const settleRoundsMax = 1_000;

/** The replicas and the network of one interaction script, and what it has to say. */
export class Stage {
  readonly actors = new Map<NodeName, Actor>();
  readonly wires = new Wires();
  tracing = false;
  private lines: string[] = [];
  bootstrap: ConfState = confOf([]);
  private overrides: Partial<ReplicaOptions> = {};

  readonly tell = (line: string): void => {
    this.lines.push(line);
  };

  takeLines(): readonly string[] {
    return this.lines.splice(0);
  }

  open(voters: readonly NodeName[], learners: readonly NodeName[], overrides: object): void {
    this.bootstrap = confOf(voters, learners);
    this.overrides = overrides;
    for (const name of [...voters, ...learners]) this.add(name);
  }

  /** A replica with an empty log; it is told who belongs to the group, as a new node would be. */
  add(name: NodeName): void {
    const seed = this.actors.size + 1;
    const log = new MemoryLog(this.bootstrap);
    const actor = new Actor(name, log, { ...this.overrides, seed }, this.tell);
    actor.start();
    this.actors.set(name, actor);
  }

  actor(name: string | undefined): Actor {
    const actor = this.actors.get(nodeName(name ?? ''));
    if (actor === undefined) throw new Error(`no replica is called ${name}`);
    return actor;
  }

  /** The running replica of that name. */
  replica(name: string | undefined): Replica {
    const { replica } = this.actor(name);
    if (replica === null) throw new Error(`${name} does not run`);
    return replica;
  }

  work(): void {
    for (const actor of this.actors.values()) this.wires.send(actor.work());
  }

  deliver(messages: readonly Message[]): void {
    for (const message of messages) {
      if (this.tracing) this.tell(`  ${showMessage(message)}`);
      this.actors.get(message.to)?.replica?.step(message);
      this.work();
    }
  }

  /** Delivers until nothing may be delivered any more. */
  settle(): void {
    this.work();
    for (let round = 0; round < settleRoundsMax; round += 1) {
      const free = this.wires.takeFree();
      if (free.length === 0) return;
      this.deliver(free);
    }
    throw new Error('the replicas never settle');
  }

  status(name: NodeName): string {
    const actor = this.actor(name);
    if (actor.replica === null) return `${name} is down`;
    const status = actor.replica.status();
    return showStatus(status, actor.termAt(status.lastIndex));
  }
}
