import { afterEach, describe, expect, it } from '@jest/globals';
import type { AppliedEntry } from '@metad/eventsourcing';
import { logIndex, logTime, partitionId, term, type Clock } from '@metad/foundation';
import type { ProjectionDefinition } from '../handler/projection-handler.js';
import type { SqlDatabase, SqlSession } from '../postgres/sql-database.js';
import type { EntrySource } from './entry-source.js';
import { OrderedProcessor } from './processor.js';
import { ProjectionVersion } from './projection-version.js';

const one = partitionId(1);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Time that moves only when a test says so, one millisecond at a time. */
class ManualClock implements Clock {
  private time = 0;
  private readonly timers = new Map<object, { readonly at: number; readonly fire: () => void }>();

  now = (): number => this.time;
  monotonic = (): number => this.time;

  after(delayMs: number, fire: () => void): () => void {
    const timer = {};
    this.timers.set(timer, { at: this.time + delayMs, fire });
    return () => this.timers.delete(timer);
  }

  async advance(ms: number): Promise<void> {
    for (const end = this.time + ms; this.time < end; this.time += 1) {
      for (const [timer, { at, fire }] of this.timers) {
        if (at <= this.time && this.timers.delete(timer)) fire();
      }
      await turn();
    }
  }
}

const entry = (index: number): AppliedEntry => ({
  ...{ partition: one, index: logIndex(index), term: term(1), time: logTime(index), changes: [] },
  ...{ commandId: null, command: null, actor: null, reason: null, rejected: null },
});

/** A log of one partition that tells whoever listens when it moves. */
class Log implements EntrySource {
  private length = 1;
  private advanced: () => void = () => undefined;

  head = () => logIndex(this.length);

  async read(_partition: unknown, after: number, entriesMax: number) {
    const count = Math.min(entriesMax, this.length - after);
    return Array.from({ length: count }, (_, at) => entry(after + at + 1));
  }

  onAdvance(listener: (partition: typeof one) => void): () => void {
    this.advanced = () => listener(one);
    return () => undefined;
  }

  append(): void {
    this.length += 1;
    this.advanced();
  }
}

const refused = (): never => {
  throw Object.assign(new Error('a column refuses it'), { code: '23514' });
};

/** One checkpoint, and a server that does with every batch what `answer` says. */
class Database implements SqlDatabase {
  readonly writtenAt: number[] = [];
  answer: () => number = () => 1;
  private index = '0';

  constructor(private readonly clock: Clock) {}

  run: SqlSession['run'] = async ({ name, text, values }) => {
    if (name === 'move checkpoints') {
      this.writtenAt.push(this.clock.now());
      const count = this.answer();
      if (count === 1) this.index = String((values?.[6] as number[])[0]);
      return { rows: [], count };
    }
    const checkpoint = {
      ...{ partition: 1, index: this.index, term: '1', log_time: '0', incarnation: 'abc' },
      ...{ digest: '2-0000000000000000', row_count: '0' },
    };
    const isAsked = text.includes('FROM projection_checkpoint');
    return { rows: isAsked ? [checkpoint as never] : [], count: 0 };
  };

  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return work(this);
  }

  async close(): Promise<void> {}
}

const definition: ProjectionDefinition = {
  ...{ name: 'thing', tables: [], onFailure: 'halt', events: new Set(), eventClasses: [] },
  handler: { handle: () => undefined },
};

let clock: ManualClock;
let log: Log;
let database: Database;
let processor: OrderedProcessor;
let troubles: string[];

function begin(answer: () => number): void {
  clock = new ManualClock();
  log = new Log();
  database = new Database(clock);
  database.answer = answer;
  troubles = [];
  processor = new OrderedProcessor(
    {
      ...{ source: log, database, clock, incarnation: 'abc', partitions: () => [one] },
      onTrouble: (reason) => troubles.push(reason),
    },
    [new ProjectionVersion(definition, 1)],
  );
  processor.start();
}

afterEach(async () => {
  const stopped = processor.stop();
  await clock.advance(5_000);
  await stopped;
});

/** Time passes, and an entry is applied every 10 ms. */
async function underLoad(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 10) {
    log.append();
    await clock.advance(10);
  }
}

const waits = (): number[] =>
  database.writtenAt.slice(1).map((at, place) => at - (database.writtenAt[place] ?? 0));

describe('a processor under load', () => {
  it('that met another writer waits as long as it is told to, whatever is applied', async () => {
    begin(() => 0);
    await underLoad(16_000);
    expect(waits().map((ms) => Math.round(ms / 1_000))).toEqual([5, 5, 5]);
  });

  it('tries a batch that always fails ever less often, and reports it once', async () => {
    begin(refused);
    await underLoad(10_500);
    const expected = [50, 100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000];
    const tolerated = waits().map((ms, at) => ms >= expected[at]! && ms <= expected[at]! + 20);
    expect([waits(), tolerated]).toEqual([waits(), expected.map(() => true)]);
    expect(troubles).toEqual(['23514: a column refuses it']);
  });

  it('begins with a short wait again once a batch was written', async () => {
    begin(refused);
    await underLoad(4_000);
    database.answer = () => 1;
    await underLoad(2_000);
    const before = database.writtenAt.length;
    database.answer = refused;
    await underLoad(500);
    expect(waits().at(before)).toBeLessThan(80);
    expect(troubles).toHaveLength(2);
  });
});

describe('a processor that waits after a failure', () => {
  const untilItWaits = async (): Promise<void> => {
    begin(() => 0);
    await clock.advance(50);
    expect([processor.state, database.writtenAt.length]).toEqual(['fenced', 1]);
  };

  it('is not hurried by a reader', async () => {
    await untilItWaits();
    const reached = processor.watermark('thing')?.wait(one, logIndex(1), 100);
    await clock.advance(1_000);
    expect(await reached).toBe(false);
    expect(database.writtenAt).toHaveLength(1);
  });

  it('lets exclusive work begin at once', async () => {
    await untilItWaits();
    let isDone = false;
    const work = processor.exclusive(async () => void (isDone = true));
    database.answer = () => 1;
    await clock.advance(50);
    expect(isDone).toBe(true);
    await work;
  });

  it('stops at once', async () => {
    await untilItWaits();
    let isStopped = false;
    const stopped = processor.stop().then(() => (isStopped = true));
    await clock.advance(50);
    expect(isStopped).toBe(true);
    await stopped;
  });
});
