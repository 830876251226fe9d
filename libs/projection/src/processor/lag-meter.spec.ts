import { describe, expect, it } from '@jest/globals';
import { logIndex, partitionId, seededRandom } from '@metad/foundation';
import { LagMeter } from './lag-meter.js';
import { Watermark } from './watermark.js';

const one = partitionId(1);

/** A partition and its tables in virtual time, with the true lag beside the measured one. */
class Tables {
  now = 0;
  private readonly appliedAt: number[] = [];
  private readonly clock = {
    now: () => this.now,
    monotonic: () => this.now,
    after: () => () => undefined,
  };
  private readonly watermark = new Watermark(this.clock);
  private readonly source = {
    head: () => logIndex(this.appliedAt.length),
    read: async () => [],
    onAdvance: () => () => undefined,
  };
  private readonly meter = new LagMeter(this.source, this.watermark, this.clock);

  get missing(): number {
    return this.appliedAt.length - this.watermark.at(one);
  }

  append(entries = 1): void {
    for (let at = 0; at < entries; at += 1) this.appliedAt.push(this.now);
    this.meter.advanced(one);
  }

  absorb(entries: number): void {
    this.watermark.set(one, logIndex(this.watermark.at(one) + entries));
    this.meter.absorbed(one);
  }

  lagMs(): number {
    return this.meter.lagMs();
  }

  truth(): number {
    const oldest = this.appliedAt[this.watermark.at(one)];
    return oldest === undefined ? 0 : this.now - oldest;
  }
}

describe('the lag of tables', () => {
  it('counts from the oldest entry that they lack, also once a batch was written', () => {
    const tables = new Tables();
    tables.append();
    tables.now = 10;
    tables.append();
    tables.now = 2_000;
    tables.absorb(1);
    expect(tables.lagMs()).toBe(1_990);
    tables.absorb(1);
    expect(tables.lagMs()).toBe(0);
  });

  it('is never less than the truth, and not much more, whatever is written when', () => {
    const wrong: unknown[] = [];
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = seededRandom(seed);
      const tables = new Tables();
      const pace = 1 + random.below(200);
      let behindSince = 0;
      for (let step = 0; step < 400; step += 1) {
        tables.now += random.below(pace);
        if (tables.missing === 0) behindSince = tables.now;
        if (random.below(4) > 0) tables.append(1 + random.below(3));
        else tables.absorb(random.below(tables.missing + 1));
        const [measured, truth] = [tables.lagMs(), tables.truth()];
        const most = Math.min(tables.now - behindSince, 2 * truth + pace + 10);
        if (measured < truth || measured > most) wrong.push({ seed, step, measured, truth, most });
      }
    }
    expect(wrong).toEqual([]);
  });

  it('stays close to the truth under steady load that is written every 100 ms', () => {
    const tables = new Tables();
    let most = 0;
    for (tables.now = 1; tables.now < 20_000; tables.now += 1) {
      tables.append();
      if (tables.now % 100 === 0) tables.absorb(tables.missing - 10);
      most = Math.max(most, tables.lagMs() - tables.truth());
    }
    expect(most).toBeLessThanOrEqual(10);
  });

  it('follows tables that catch up after an hour, in steps of a few minutes', () => {
    const tables = new Tables();
    for (; tables.now < 3_600_000; tables.now += 50) tables.append();
    while (tables.missing > 0) {
      const [measured, truth] = [tables.lagMs(), tables.truth()];
      expect(measured).toBeGreaterThanOrEqual(truth);
      expect(measured - truth).toBeLessThanOrEqual(300_000);
      tables.absorb(Math.min(500, tables.missing));
    }
    expect(tables.lagMs()).toBe(0);
  });
});
