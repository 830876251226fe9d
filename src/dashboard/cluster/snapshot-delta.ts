import type { ClusterSnapshot, CommandFact, SnapshotDelta } from './snapshot.js';

/** Turns each snapshot into what is new in it, for viewers who have the one before. */
export class SnapshotDeltas {
  private partitions = new Map<number, string>();
  private commands = new Map<string, string>();

  next(snapshot: ClusterSnapshot): SnapshotDelta {
    const partitions = new Map<number, string>();
    const commands = new Map<string, string>();
    const changed = snapshot.partitions.filter((view) => {
      const text = JSON.stringify(view);
      partitions.set(view.partition, text);
      return this.partitions.get(view.partition) !== text;
    });
    const fresh = snapshot.commands.filter((fact) => {
      const mark = markOf(fact);
      commands.set(fact.key, mark);
      return this.commands.get(fact.key) !== mark;
    });
    const removedPartitions = [...this.partitions.keys()].filter((id) => !partitions.has(id));
    this.partitions = partitions;
    this.commands = commands;
    return { ...snapshot, partitions: changed, removedPartitions, commands: fresh };
  }
}

/** A fact changes once at most: when the refusal's own words arrive for its entry. */
const markOf = ({ outcome, message }: CommandFact): string => `${outcome} ${message ?? ''}`;
