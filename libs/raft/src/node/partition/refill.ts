import { term } from '@metad/foundation';
import type { NodeName, Term } from '@metad/foundation';
import { DecodeError } from '../../codec/index.js';
import type { ConfState, Message } from '../../core/index.js';
import { decodeInquiryAnswer, encodeInquiry } from '../frame/inquiry-frame.js';
import type { InquiryAnswer } from '../frame/inquiry-frame.js';
import type { RaftNodeOptions } from '../node-options.js';
import type { Partition } from './partition.js';

export interface RefillHost {
  /** Gives the partition a core that starts from this term without a vote. */
  restart(from: Term): void;
  /** The partition is whole again. */
  onHealed(): void;
  onFailed(error: unknown): void;
}

/**
 * Brings a replica back that lost acknowledged records. What it has forgotten may be votes, terms
 * and entries that others count on, so it must not take part as if nothing had happened:
 *
 * 1. It asks all other voters for their terms. Whoever it may have voted for or followed is one of
 *    them, so no term that it was part of is above the highest answer. One that does not answer
 *    stops this: without it the replica cannot know.
 * 2. It starts again above that term, without a vote. The present leader hears of the new term and
 *    steps down, which is wanted: it remembers this replica's progress as further than it is.
 * 3. It takes in entries and snapshots, but neither votes nor campaigns, until it has applied an
 *    entry of a term above the answers. Whoever leads then was elected without this replica's vote,
 *    and holds everything that was ever committed with its help; so does the replica by then.
 */
export class Refill {
  /** Highest term that this replica may have been part of; null until all have answered. */
  private lastTerm: Term | null = null;
  private asking = false;
  private healing = false;

  constructor(
    private readonly partition: Partition,
    private readonly options: RaftNodeOptions,
    private readonly host: RefillHost,
  ) {}

  /** Its core takes in what it lacks. */
  get isFilling(): boolean {
    return this.lastTerm !== null;
  }

  /** Entries and snapshots, once a term is known; nothing that asks for a vote. */
  admits(message: Message): boolean {
    if (this.lastTerm === null) return false;
    return (
      message.kind === 'append' ||
      message.kind === 'heartbeat' ||
      message.kind === 'installSnapshot'
    );
  }

  /** Called now and then; asks, or looks whether the replica is whole. */
  step(): void {
    if (this.lastTerm === null) this.ask();
    else if (this.isWhole(this.lastTerm)) this.heal();
  }

  private ask(): void {
    if (this.asking) return;
    this.asking = true;
    void this.askAll()
      .then((highest) => {
        if (highest === null) return;
        this.lastTerm = highest;
        this.host.restart(term(highest + 1));
      })
      .catch((error: unknown) => this.host.onFailed(error))
      .finally(() => {
        this.asking = false;
      });
  }

  /** The highest term among all other voters, or null when one of them did not answer. */
  private async askAll(): Promise<Term | null> {
    const status = this.partition.replica.status();
    const asked = new Set<NodeName>([this.options.self]);
    let highest = status.term;
    let next = votersOf(status.confInForce);
    while (next.length > 0) {
      const answers = await Promise.all(next.map((voter) => this.askOne(voter)));
      for (const voter of next) asked.add(voter);
      const known: NodeName[] = [];
      for (const answer of answers) {
        if (answer === null) return null;
        highest = term(Math.max(highest, answer.term));
        known.push(...votersOf(answer.conf));
      }
      next = [...new Set(known)].filter((voter) => !asked.has(voter));
    }
    return highest;
  }

  private askOne(voter: NodeName): Promise<InquiryAnswer | null> {
    if (voter === this.options.self) {
      const { term: own, confInForce: conf } = this.partition.replica.status();
      return Promise.resolve({ term: own, conf });
    }
    return new Promise((resolve) => {
      const frame = encodeInquiry(this.partition.id);
      this.options.transport.request(voter, frame, 1_000, (_failure, reply) => {
        resolve(reply === null ? null : readAnswer(reply));
      });
    });
  }

  private isWhole(lastTerm: Term): boolean {
    const { stored, appliedIndex, state } = this.partition;
    const applied = stored.termAt(appliedIndex);
    return state === 'corrupt' && applied !== null && applied > lastTerm;
  }

  private heal(): void {
    if (this.healing) return;
    this.healing = true;
    const { term: at, vote, commit } = this.partition.replica.status();
    this.options.log.heal(this.partition.id, { term: at, vote, commit }).then(
      () => this.host.onHealed(),
      (error: unknown) => this.host.onFailed(error),
    );
  }
}

const votersOf = (conf: ConfState): NodeName[] => [...conf.voters, ...conf.votersOutgoing];

function readAnswer(frame: Uint8Array): InquiryAnswer | null {
  try {
    return decodeInquiryAnswer(frame);
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}
