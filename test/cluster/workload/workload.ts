import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '@metad/foundation';
import type { Random } from '@metad/foundation';
import type { PartitionMap } from '@metad/partition';
import type { RecordInput } from '../check/record-model.js';
import { statusOf, WorkloadClient } from './client.js';
import type { Attempt, Door } from './client.js';
import { drawInput } from './generate.js';
import type { Remembered } from './generate.js';
import { History } from './history.js';
import { KINDS, subjectOf } from './subject.js';
import type { Kind, Subject } from './subject.js';

export interface WorkloadOptions {
  readonly seed: number;
  readonly brokerUrls: readonly string[];
  readonly map: PartitionMap;
  readonly kinds: readonly Kind[];
  readonly workers: number;
  readonly subjectsAtOnce: number;
  readonly pauseMsMax: number;
  readonly timeoutMs: number;
}

/** Beyond these the check of a record's history would explode: the record is replaced. */
const operationsPerSubjectMax = 140;
const unknownsPerSubjectMax = 8;
const attemptsMax = 4;
/** Some clients ask again before the answer can be there: retries that meet their first attempt. */
const impatientOneIn = 12;
const impatientMs = 5;

interface Active {
  readonly subject: Subject;
  readonly remembered: Remembered;
  operations: number;
  unknowns: number;
}

/** Clients that work on a few records at once, so that they meet, and keep what they saw. */
export class Workload {
  readonly history = new History();
  private readonly active: Active[] = [];
  private readonly random: Random;
  private serial = 0;
  private running = true;
  private workers: Promise<void>[] = [];

  constructor(private readonly options: WorkloadOptions) {
    this.random = seededRandom(options.seed);
    while (this.active.length < options.subjectsAtOnce) this.active.push(this.fresh());
  }

  start(): void {
    this.workers = Array.from({ length: this.options.workers }, (_, at) => this.work(at));
  }

  /** Lets every operation under way come to its end. */
  async stop(): Promise<void> {
    this.running = false;
    await Promise.all(this.workers);
  }

  private async work(at: number): Promise<void> {
    const { seed, brokerUrls, pauseMsMax } = this.options;
    const random = seededRandom(seed * 1_000 + at + 1);
    const url = brokerUrls[at % brokerUrls.length] as string;
    const client = await WorkloadClient.connect(url, `chaos-${at}`);
    let generation = 0;
    while (this.running) {
      const slot = random.below(this.active.length);
      const active = this.active[slot] as Active;
      const readable = KINDS[active.subject.kind].query !== null;
      const input = drawInput(random, active.subject, active.remembered, readable);
      const rival = rivalOf(random, active, input);
      const statuses = await Promise.all([
        this.perform(client, `${at}.${generation}`, active, input, random),
        rival && this.perform(client, `${at}.${generation}.rival`, active, rival, random),
      ]);
      // A client that does not know what it did goes on under another name.
      if (statuses.includes('unknown')) generation += 1;
      this.maybeReplace(slot, active);
      await sleep(random.below(pauseMsMax));
    }
    await client.close();
  }

  private async perform(
    client: WorkloadClient,
    name: string,
    active: Active,
    input: RecordInput,
    random: Random,
  ): Promise<string> {
    active.operations += 1;
    const calledAt = performance.now();
    const attempts: Attempt[] = [];
    // A lost answer is asked for again under the same commandId: it must not happen twice.
    const attemptsWanted = input.kind === 'read' ? 1 : 1 + random.below(attemptsMax);
    while (attempts.length < attemptsWanted && attempts.at(-1)?.kind !== 'answer') {
      const door: Door = random.below(2) === 0 ? 'leader' : 'anyNode';
      const patience = random.below(impatientOneIn) === 0 ? impatientMs : this.options.timeoutMs;
      attempts.push(await client.attempt(active.subject, input, door, patience));
      if (attempts.at(-1)?.kind !== 'answer') await sleep(50 + random.below(200));
    }
    const returnedAt = performance.now();
    const last = attempts.at(-1);
    const status = statusOf(attempts);
    if (status === 'unknown') active.unknowns += 1;
    const answer = last?.kind === 'answer' ? last : null;
    if (answer) remember(active.remembered, input, answer.output);
    this.history.add({
      subject: active.subject,
      client: name,
      input,
      calledAt,
      returnedAt: answer ? returnedAt : Infinity,
      ...(answer ? { output: answer.output } : {}),
      status,
      index: answer?.index ?? null,
      attempts: attempts.length,
      trouble: last && last.kind !== 'answer' ? last.code : null,
    });
    return status;
  }

  private maybeReplace(slot: number, active: Active): void {
    const full =
      active.operations >= operationsPerSubjectMax || active.unknowns >= unknownsPerSubjectMax;
    if (full && this.active[slot] === active) this.active[slot] = this.fresh();
  }

  private fresh(): Active {
    const { kinds, map } = this.options;
    const kind = kinds[this.random.below(kinds.length)] as Kind;
    this.serial += 1;
    const subject = subjectOf(kind, this.serial, map);
    return { subject, remembered: { version: 0, owner: null }, operations: 0, unknowns: 0 };
  }
}

/** Two that expect the same version at the same moment: at most one of them may be right. */
function rivalOf(random: Random, { subject, remembered }: Active, input: RecordInput) {
  if (input.kind !== 'command' || input.expect === undefined || random.below(2) > 0) return null;
  const rival = drawInput(random, subject, remembered, false);
  return rival.kind === 'command' ? { ...rival, expect: input.expect } : null;
}

function remember(
  remembered: Remembered,
  input: RecordInput,
  output: Extract<Attempt, { kind: 'answer' }>['output'],
): void {
  if (output.kind === 'read') {
    remembered.version = output.record?.version ?? 0;
    remembered.owner = (output.record?.value['owner'] as string | undefined) ?? null;
  }
  if (output.kind !== 'accepted' || input.kind !== 'command') return;
  remembered.version = output.version;
  const granted = input.data['owner'] ?? input.data['to'];
  if (output.fence !== null && typeof granted === 'string') remembered.owner = granted;
}
