import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '@metad/foundation';
import type { PeerClient } from '../peers/peer.js';
import { Histogram } from './histogram.js';
import type { LoadPlan, LoadResult } from './load-plan.js';
import { Pacer } from './pacer.js';
import { ProcessorUse } from './processor-use.js';

/** Stragglers are waited for this long after an interval; what is still out then has failed. */
const drainMsMax = 10_000;

/** Offers one plan's load to a peer and says what came back. */
export async function runLoad(client: PeerClient, plan: LoadPlan): Promise<LoadResult> {
  const run = new LoadRun(client, plan);
  if (plan.operation === 'insert') return run.insertAll();
  if (plan.warmupSeconds > 0) await run.interval(plan.warmupSeconds);
  return run.measured(plan.seconds);
}

class LoadRun {
  private readonly histogram = new Histogram();
  private readonly random = seededRandom(1);
  private readonly filler: string;
  private sequence = 0;
  private outstanding = 0;
  private failed = 0;
  private unsent = 0;
  private firstError: string | null = null;
  private active = false;

  constructor(
    private readonly client: PeerClient,
    private readonly plan: LoadPlan,
  ) {
    this.filler = 'v'.repeat(Math.max(0, plan.valueBytes - 16));
    this.sequence = Date.now() * 1_000;
  }

  async measured(seconds: number): Promise<LoadResult> {
    this.histogram.reset();
    this.failed = 0;
    this.unsent = 0;
    this.firstError = null;
    const use = new ProcessorUse(this.plan.serverPids);
    const startedAt = performance.now();
    await this.interval(seconds);
    return this.result(use, (performance.now() - startedAt) / 1000);
  }

  /** Every record once, in order, as fast as the closed loop allows. */
  async insertAll(): Promise<LoadResult> {
    const { arrival } = this.plan;
    const outstandingMax = arrival.kind === 'closed' ? arrival.outstanding : arrival.outstandingMax;
    const use = new ProcessorUse(this.plan.serverPids);
    const startedAt = performance.now();
    for (let record = 0; record < this.plan.records; record += 1) {
      while (this.outstanding >= outstandingMax) await sleep(1);
      this.send(record, performance.now());
    }
    await this.drained();
    return this.result(use, (performance.now() - startedAt) / 1000);
  }

  async interval(seconds: number): Promise<void> {
    const { arrival } = this.plan;
    this.active = true;
    const until = performance.now() + seconds * 1000;
    if (arrival.kind === 'closed') {
      for (let at = 0; at < arrival.outstanding; at += 1) this.sendNext(performance.now());
      await sleep(seconds * 1000);
    } else {
      await this.paced(arrival.perSecond, arrival.outstandingMax, until);
    }
    this.active = false;
    await this.drained();
  }

  /**
   * Open loop: whatever is due is sent with the time at which it was due. The timer's grain is a
   * millisecond, and what it adds is counted as latency: spinning instead would take a processor
   * away from the servers.
   */
  private async paced(perSecond: number, outstandingMax: number, until: number): Promise<void> {
    const pacer = new Pacer(perSecond, performance.now(), until);
    for (let now = performance.now(); now < until; now = performance.now()) {
      while (this.outstanding < outstandingMax) {
        const due = pacer.take(now);
        if (due === null) break;
        this.sendNext(due);
      }
      await sleep(1);
    }
    this.unsent += pacer.left;
  }

  private sendNext(intendedAt: number): void {
    this.send(this.random.below(this.plan.records), intendedAt);
  }

  private send(record: number, intendedAt: number): void {
    this.outstanding += 1;
    const done = (error: Error | null): void => this.settle(error, intendedAt);
    if (this.plan.operation === 'get') return this.client.get(record, done);
    this.sequence += 1;
    // A value that never repeats: a store may not answer from "nothing changed".
    const value = this.sequence.toString(36).padStart(16, '0') + this.filler;
    if (this.plan.operation === 'put') this.client.put(record, value, done);
    else this.client.insert(record, value, done);
  }

  private settle(error: Error | null, intendedAt: number): void {
    this.outstanding -= 1;
    const now = performance.now();
    if (error) {
      this.failed += 1;
      this.firstError ??= error.message;
    } else {
      this.histogram.record((now - intendedAt) * 1000);
    }
    if (!this.active || this.plan.arrival.kind !== 'closed') return;
    if (!error) this.sendNext(now);
    // A peer that refuses at once would otherwise be asked again within the same turn for ever.
    else setTimeout(() => this.active && this.sendNext(performance.now()), 5);
  }

  private async drained(): Promise<void> {
    const until = performance.now() + drainMsMax;
    while (this.outstanding > 0 && performance.now() < until) await sleep(1);
    this.failed += this.outstanding;
    if (this.outstanding > 0) this.firstError ??= `no answer within ${drainMsMax} ms`;
    this.outstanding = 0;
  }

  private result(use: ProcessorUse, seconds: number): LoadResult {
    const completed = this.histogram.count;
    return {
      perSecond: Math.round(completed / seconds),
      completed,
      failed: this.failed,
      unsent: this.unsent,
      seconds: Math.round(seconds * 1000) / 1000,
      latency: this.histogram.summary(),
      cores: use.stop(),
      firstError: this.firstError,
    };
  }
}
