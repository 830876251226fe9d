import { setTimeout as sleep } from 'node:timers/promises';
import type { LoggedEntry } from '../check/fold.js';
import type { Administration } from './administration.js';

const pauseMs = 700;
const entriesAtOnce = 1_000;

/**
 * Reads every node's committed log while the run lasts, before compaction takes it away, and
 * compares: what one node committed at an index, every node committed there.
 */
export class LogCollector {
  readonly faults: string[] = [];
  private readonly logs = new Map<number, Map<number, LoggedEntry>>();
  /** Next index to read, by node and partition. */
  private readonly cursors: Map<number, number>[];
  private running = true;
  private loops: Promise<void>[] = [];

  constructor(
    private readonly administration: Administration,
    nodes: number,
    private readonly partitions: number,
  ) {
    this.cursors = Array.from({ length: nodes }, () => new Map<number, number>());
  }

  start(): void {
    this.loops = this.cursors.map((_, node) => this.follow(node));
  }

  async stop(): Promise<void> {
    this.running = false;
    await Promise.all(this.loops);
  }

  /** Reads on until nothing more comes from any node. Throws what a node answers. */
  async finish(): Promise<void> {
    await this.stop();
    for (const node of this.cursors.keys()) await this.readNode(node);
  }

  /** One partition's log as far as anybody showed it, in order. */
  logOf(partition: number): LoggedEntry[] {
    const entries = [...(this.logs.get(partition)?.values() ?? [])];
    return entries.sort((a, b) => a.index - b.index);
  }

  private async follow(node: number): Promise<void> {
    while (this.running) {
      // A node that is down, paused or cut off is asked again later.
      await this.readNode(node).catch(() => undefined);
      await sleep(pauseMs);
    }
  }

  private async readNode(node: number): Promise<void> {
    const descriptions = await this.administration.describe(node);
    for (const { partition, commitIndex, firstIndex } of descriptions) {
      if (partition < 1 || partition > this.partitions) continue;
      // What was compacted here before it was read, another node may have shown.
      const next = this.cursors[node]?.get(partition) ?? 1;
      this.cursors[node]?.set(partition, Math.max(next, firstIndex));
      while ((this.cursors[node]?.get(partition) ?? 1) <= commitIndex) {
        if (!(await this.readOnce(node, partition))) break;
      }
    }
  }

  /** False when there was nothing more to read. */
  private async readOnce(node: number, partition: number): Promise<boolean> {
    const cursors = this.cursors[node] as Map<number, number>;
    const from = cursors.get(partition) ?? 1;
    const body = { partition, from, limit: entriesAtOnce };
    const { items } = await this.administration.ask<{ items: LoggedEntry[] }>(
      node,
      'log',
      'read',
      body,
    );
    for (const entry of items) this.take(node, partition, entry);
    const last = items.at(-1);
    if (last) cursors.set(partition, last.index + 1);
    return items.length > 0;
  }

  private take(node: number, partition: number, entry: LoggedEntry): void {
    const log = this.logs.get(partition) ?? new Map<number, LoggedEntry>();
    this.logs.set(partition, log);
    const known = log.get(entry.index);
    if (!known) {
      log.set(entry.index, entry);
    } else if (known.term !== entry.term || known.commandId !== entry.commandId) {
      const shown = `${JSON.stringify(known)} and ${JSON.stringify(entry)}`;
      this.faults.push(
        `partition ${partition}: two entries committed at ${entry.index} (n${node + 1}): ${shown}`,
      );
    }
  }
}
