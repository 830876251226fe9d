import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WholeCluster } from '../fixtures/whole-cluster.js';

// Three real processes are restarted one by one, as an upgrade does it, while the client library
// keeps them busy. What is promised to whoever calls is a bound of time, so time is measured here:
// from the call to its answer, retries included, as the caller sees it.

const commandMsMax = 2_000;
const writers = 16;

let cluster: WholeCluster;
beforeAll(async () => {
  cluster = await WholeCluster.start(6);
}, 300_000);
afterAll(() => cluster.stop(), 300_000);

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

interface Measured {
  readonly durationMs: number;
  readonly at: string;
}

/** One resource per writer, moved to and fro: its version counts how often it was moved. */
class Load {
  readonly calls: Measured[] = [];
  readonly versions = new Map<string, number>();
  private over = false;
  private readonly writing: Promise<void[]>;

  constructor() {
    this.writing = Promise.all(Array.from({ length: writers }, (_, at) => this.write(`r-${at}`)));
  }

  async end(): Promise<void> {
    this.over = true;
    await this.writing;
  }

  /** The slowest first, if one of them broke the promise. */
  tooSlow(): readonly Measured[] {
    const slowest = [...this.calls].sort((a, b) => b.durationMs - a.durationMs).slice(0, 5);
    return (slowest[0]?.durationMs ?? 0) > commandMsMax ? slowest : [];
  }

  private async write(resourceId: string): Promise<void> {
    for (let moves = 1; !this.over; moves += 1) {
      const data = { tenantId: `t-${resourceId}`, resourceId, node: `node-${moves % 2}` };
      const startedAt = performance.now();
      const reply = await cluster.client.command('AssignResource', data);
      const durationMs = Math.round(performance.now() - startedAt);
      this.calls.push({ durationMs, at: new Date().toISOString() });
      // A retry of what had been applied says so, and brings the first answer.
      expect(['applied', 'duplicate']).toContain(reply.outcome);
      expect(reply.version).toBe(moves);
      this.versions.set(resourceId, moves);
      await pause(5);
    }
  }
}

describe('a rolling restart under load', () => {
  it('loses no command, repeats none, and keeps nobody waiting', async () => {
    const load = new Load();
    await pause(1_000);
    for (const node of cluster.nodes) {
      // One of them is drained by its operator first, the others by the signal alone.
      if (node === 'n2') {
        expect(await cluster.admin(node, 'node.drain')).toEqual({ state: 'drained' });
      }
      await cluster.restart(node);
    }
    await pause(1_000);
    await load.end();

    expect(load.tooSlow()).toEqual([]);
    await cluster.settled();
    for (const node of cluster.nodes) {
      const rows = await cluster.rows(node, 'SELECT resource_id, version FROM resource');
      const versions = rows.map((row) => [row['resource_id'], Number(row['version'])] as const);
      expect(new Map(versions as never)).toEqual(load.versions);
    }
  }, 180_000);
});
