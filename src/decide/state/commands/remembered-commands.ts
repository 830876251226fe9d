import { invariant } from '@metad/foundation';
import type { LogTime } from '@metad/foundation';
import type { MachineSettings } from '../../machine-settings.js';
import type { Outcome } from '../../outcome.js';
import { readCommandId, words } from './command-id.js';
import { CommandIndex } from './command-index.js';
import { CommandRows, Reasons, ROW_BYTES } from './command-rows.js';
import type { Reason } from './command-rows.js';
import { outcomeText, readOutcome } from './outcome-text.js';
import { PageQueue, PAGE_ROWS, ROW_MASK } from '../page-queue.js';
import { TextQueue, type TextPlace } from './text-queue.js';
import { WaitingOutcomes } from './waiting-outcomes.js';

/** A command that has been applied: what it said, in short, and what became of it. */
export interface RememberedCommand {
  readonly commandId: string;
  /** Hash of what a retry must repeat: namespace, command, data, `expect`. */
  readonly high: number;
  readonly low: number;
  /** Estimated size of what a full outcome keeps in memory; 0 in brief. */
  readonly bytes: number;
  readonly outcome: Outcome;
}

/** What a table holds at one moment: it stays so until the image is released. */
export interface RememberedImage {
  readonly count: number;
  /** How many of the newest are kept in full. */
  readonly full: number;
  readonly reasons: readonly Reason[];
  /** A row of `ROW_BYTES` for each, oldest first. */
  rows(): Generator<Buffer>;
  /** A line for each that is kept in full, oldest first: `O`, estimated size, space, JSON. */
  outcomes(): Generator<Buffer>;
  release(): void;
}

/** Texts made with every command until none waits: no command pays for thousands. */
const TEXTS_AT_ONCE = 4;

/** Of an outcome in full: chunk, offset and length of its line, and its estimated size. */
const PLACE_WORDS = 4;
const CHUNK = 0;
const OFFSET = 1;
const LENGTH = 2;
const SIZE = 3;

/**
 * The outcomes of recent commands by their ids: what makes a retry safe. Part of the replicated
 * state: all replicas remember, shorten and forget the same commands at the same entry.
 *
 *     oldest … first ──── in brief ──── brief ──── in full: text … waiting for it ──── next
 *
 * A command is forgotten when it is older than the window in log time; earlier only if there are
 * too many, the oldest first, and then `horizon` tells since when the table is complete. In brief
 * a command costs 66 bytes in pages, which are used again when their commands are forgotten; what
 * is kept in full beside it is text in chunks, which are used again as well. None of it is an
 * object for the garbage collector to visit, but while a log is replayed: then outcomes wait as
 * they are, since nearly all leave before the log ends, and their texts need never be made. When
 * texts are made changes nothing that is seen.
 */
export class RememberedCommands {
  private readonly rows = new CommandRows();
  private readonly index: CommandIndex;
  private reasons = new Reasons();
  private readonly texts = new TextQueue();
  private readonly places = new PageQueue(PLACE_WORDS * 4);
  // Commands are numbered from the first that was ever remembered; number & ROW_MASK is the row.
  private first = 0;
  private brief = 0;
  private next = 0;
  /** The outcomes of the newest commands, whose texts have not been made. */
  private readonly waiting = new WaitingOutcomes();
  private bytes = 0;
  /** Every command applied after this log time is remembered. */
  horizon: LogTime = 0 as LogTime;
  /** Set while so much is to be applied that what is remembered now will hardly stay in full. */
  isFarBehind = false;

  constructor(hashSeed: number) {
    this.index = new CommandIndex(this.rows, hashSeed);
  }

  get size(): number {
    return this.next - this.first;
  }

  find(commandId: string): RememberedCommand | null {
    readCommandId(commandId);
    const row = this.index.find(words);
    if (row < 0) return null;
    const number = this.first + ((row - this.first) & ROW_MASK);
    const isInFull = number >= this.brief;
    const inBrief = (): Outcome => ({ ...this.rows.outcomeOf(row, this.reasons), brief: true });
    return {
      commandId: this.rows.commandIdOf(row),
      ...this.rows.hashOf(row),
      bytes: isInFull ? this.sizeOf(number) : 0,
      outcome: isInFull ? this.fullOutcome(number) : inBrief(),
    };
  }

  /** How many outcomes in full have no text yet. */
  get textsWaiting(): number {
    return this.waiting.size;
  }

  add({ commandId, high, low, bytes, outcome }: RememberedCommand): void {
    const number = this.next;
    const row = number & ROW_MASK;
    this.rows.extendTo(row);
    readCommandId(commandId);
    this.rows.put(row, words, high, low);
    this.rows.putOutcome(row, outcome, this.reasons);
    this.index.add(row);
    this.next += 1;
    this.admit(number, bytes);
    if (this.isFarBehind || this.waiting.size > 0) this.waiting.push(outcome);
    else this.putText(number, outcomeText(outcome));
    if (!this.isFarBehind) this.makeTexts(TEXTS_AT_ONCE);
  }

  /** Forgets and shortens what is too old or too much at log time `now`: once for every entry. */
  forget(now: LogTime, settings: MachineSettings): void {
    const { deduplicationWindowMs, commandsRememberedMax } = settings;
    while (this.first < this.next) {
      const isOld = this.rows.timeOf(this.first & ROW_MASK) + deduplicationWindowMs <= now;
      if (!isOld && this.size <= commandsRememberedMax) break;
      this.drop();
    }
    const { outcomesInFullMax, outcomeBytesMax } = settings;
    while (this.next - this.brief > outcomesInFullMax || this.bytes > outcomeBytesMax) {
      if (this.brief === this.next) break;
      this.shorten();
    }
  }

  /** Holds pages and chunks, and copies nothing before it is read. */
  image(): RememberedImage {
    this.makeTexts(this.waiting.size);
    const rows = this.rows.image(this.first & ROW_MASK, this.size);
    const full = this.next - this.brief;
    const texts = full === 0 ? null : this.texts.imageFrom(this.placeOf(this.brief));
    return {
      count: this.size,
      full,
      reasons: [...this.reasons.list],
      rows: () => rows.chunks(),
      outcomes: () => texts?.chunks() ?? nothing(),
      release: () => {
        rows.release();
        texts?.release();
      },
    };
  }

  /** The first step into an empty table. */
  restoreReasons(reasons: readonly Reason[]): void {
    invariant(this.next === 0, 'an image is restored into an empty table');
    this.reasons = new Reasons([...reasons]);
  }

  /** Adds whole rows of an image; each command is kept in brief. */
  restoreRows(rows: Buffer): void {
    for (let at = 0; at < rows.length; at += ROW_BYTES) {
      const row = this.next & ROW_MASK;
      this.rows.extendTo(row);
      this.rows.putBytes(row, rows, at);
      this.index.add(row);
      this.next += 1;
    }
    this.brief = this.next;
  }

  /** The newest commands, which all have their rows, are kept in full: oldest first. */
  restoreOutcomes(full: readonly { readonly bytes: number; readonly text: string }[]): void {
    invariant(full.length <= this.size, 'what is kept in full is among what is remembered');
    this.brief = this.next - full.length;
    for (const [at, { bytes, text }] of full.entries()) {
      this.admit(this.brief + at, bytes);
      this.putText(this.brief + at, text);
    }
  }

  private fullOutcome(number: number): Outcome {
    const brief = this.rows.outcomeOf(number & ROW_MASK, this.reasons);
    const waits = number - this.firstWaiting;
    // Through its text also then: what is read must not depend on when the text was made.
    if (waits >= 0) return readOutcome(outcomeText(this.waiting.at(waits)), brief);
    const line = this.texts.bytesAt(this.placeOf(number)).toString('utf8');
    return readOutcome(line.slice(line.indexOf(' ') + 1), brief);
  }

  /** Number of the oldest command whose text has not been made; `next` when there is none. */
  private get firstWaiting(): number {
    return this.next - this.waiting.size;
  }

  private makeTexts(textsMax: number): void {
    for (let left = Math.min(textsMax, this.waiting.size); left > 0; left -= 1) {
      const number = this.firstWaiting;
      this.putText(number, outcomeText(this.waiting.shift()));
    }
  }

  /** Notes the size of an outcome in full. */
  private admit(number: number, bytes: number): void {
    const size = Math.max(bytes, 1);
    this.places.extendTo(number & ROW_MASK);
    this.setPlace(number, SIZE, size);
    this.bytes += size;
  }

  private sizeOf(number: number): number {
    return this.place(number, SIZE);
  }

  private placeOf(number: number): TextPlace {
    const chunk = this.place(number, CHUNK);
    return { chunk, offset: this.place(number, OFFSET), length: this.place(number, LENGTH) };
  }

  /** Writes the line that an image has of this outcome. */
  private putText(number: number, text: string): void {
    const { chunk, offset, length } = this.texts.push(`O${this.sizeOf(number)} ${text}\n`);
    this.setPlace(number, CHUNK, chunk);
    this.setPlace(number, OFFSET, offset);
    this.setPlace(number, LENGTH, length);
  }

  private place(number: number, word: number): number {
    const at = (number & (PAGE_ROWS - 1)) * PLACE_WORDS + word;
    return this.places.pageOf(number & ROW_MASK).words[at] as number;
  }

  private setPlace(number: number, word: number, value: number): void {
    const at = (number & (PAGE_ROWS - 1)) * PLACE_WORDS + word;
    this.places.pageOf(number & ROW_MASK).words[at] = value;
  }

  private drop(): void {
    if (this.brief === this.first) this.shorten();
    const row = this.first & ROW_MASK;
    this.index.remove(row);
    this.horizon = this.rows.timeOf(row);
    this.first += 1;
    this.rows.dropBefore(this.first & ROW_MASK);
  }

  /** The oldest that is kept in full is from now on kept in brief. */
  private shorten(): void {
    this.bytes -= this.sizeOf(this.brief);
    if (this.brief === this.firstWaiting) this.waiting.shift();
    this.brief += 1;
    this.places.dropBefore(this.brief & ROW_MASK);
    const hasText = this.brief < this.firstWaiting;
    this.texts.letGoBefore(hasText ? this.place(this.brief, CHUNK) : Infinity);
  }
}

function* nothing(): Generator<Buffer> {}
