import { logIndex, term } from '@metad/foundation';
import type { LogIndex, NodeName, Term } from '@metad/foundation';
import { reaches } from '../../core/index.js';
import type { Entry, HardState, LogPosition } from '../../core/index.js';
import { LogFailure } from '../../storage/log-port.js';
import type { Damage } from '../../storage/log-port.js';
import { decodeInquiryAnswer, encodeInquiry } from '../frame/inquiry-frame.js';
import type { InquiryAnswer } from '../frame/inquiry-frame.js';
import type { RaftNodeOptions } from '../node-options.js';
import { inquire } from './inquire.js';
import { fetchTail } from './log-tail.js';
import type { Partition } from './partition.js';

export interface RefillHost {
  /** Gives the partition a core that starts from what is durable, under this floor. */
  restart(from: HardState, floor: LogPosition): void;
  /** The partition is whole again. */
  onHealed(): void;
  /** The log took nothing more. */
  onLogFailed(error: unknown): void;
  onFailed(error: unknown): void;
}

/** Steps between two rounds of questions, while the replica fills. */
const askAgainSteps = 20;

/**
 * So far above the highest term that anybody knows a replica begins: a candidate asks for votes
 * before its own term is durable. This replica may have given one that nobody else remembers.
 */
const termsAbove = 2;

/** What the others know that this replica may have forgotten. */
interface Forgotten {
  readonly term: Term;
  readonly floor: LogPosition;
  /** Whose log that is. */
  readonly holder: NodeName;
  /** It votes, as far as it knows, and so may be elected. */
  readonly mayLead: boolean;
}

/** What a replica begins with: entries of another's log, and how far all is committed. */
interface Part {
  readonly tail: readonly Entry[];
  readonly commit: LogIndex;
}

/**
 * Brings a replica back that lost acknowledged records, or may have. What it has forgotten are
 * votes, terms and entries that others count on, so it must not take part as if nothing had
 * happened:
 *
 * 1. It asks all other voters for their terms and for where their logs end. One that does not
 *    answer stops this: without it the replica cannot know. Nor can it when so many of them are
 *    corrupt that an entry may have been on those alone. Suspects answer like sound ones: after a
 *    power failure all may be, and then most of them, or all, have lost nothing.
 * 2. It starts again above the highest term, without a vote; that is durable before it begins.
 *    Whoever it voted for or followed is among those asked, so it votes in no term a second time. A
 *    leader of an earlier term steps down when it hears of this one, which is wanted: it remembers
 *    this replica's progress as further than it is.
 * 3. It takes part under a floor, the most complete log of all answers: it does not campaign, and
 *    votes only for logs that reach the floor. Any entry that was committed with its help is in one
 *    of the logs that answered, so a leader that it votes for has the entry (the argument of thesis
 *    §3.6.3, with that log in place of its own).
 * 4. When its own log reaches the floor, it is whole. The floor may be a tail that was never
 *    committed and is gone meanwhile: so it asks again from time to time, and takes the new one.
 * 5. Whose log is the floor may not be a voter, a learner say: then it cannot be elected, and with
 *    this replica's vote nobody can. So the replica takes that log over, from what it knows to be
 *    committed on, before it begins, or begins again while nobody leads. Its log is then one that a
 *    follower could have had before it was damaged: more complete than its own, and given out by a
 *    leader.
 */
export class Refill {
  /** Null until all have answered. */
  private floor: LogPosition | null = null;
  private asking = false;
  private healing = false;
  private steps = 0;

  constructor(
    private readonly partition: Partition,
    readonly damage: Damage['kind'],
    private readonly options: RaftNodeOptions,
    private readonly host: RefillHost,
  ) {}

  /** Its core takes in what it lacks. */
  get isFilling(): boolean {
    return this.floor !== null;
  }

  /** Called now and then; asks, or looks whether the replica is whole. */
  step(): void {
    const { floor } = this;
    if (floor !== null && this.isWhole(floor)) this.heal();
    else if (floor === null || this.steps % askAgainSteps === 0) this.ask();
    this.steps += 1;
  }

  /** Nothing that its core has given out is under way: its end is then no loss. */
  private get isAtRest(): boolean {
    const { state, openBatch, applying, snapshotting } = this.partition;
    return state === 'corrupt' && openBatch === null && applying.isEmpty && !snapshotting;
  }

  private ask(): void {
    if (this.asking || this.healing) return;
    this.asking = true;
    void this.askAndLearn()
      .catch((error: unknown) => {
        if (error instanceof LogFailure) this.host.onLogFailed(error);
        else this.host.onFailed(error);
      })
      .finally(() => {
        this.asking = false;
      });
  }

  private async askAndLearn(): Promise<void> {
    const forgotten = await this.askAll();
    if (forgotten !== null && !this.healing && !this.isStopped) await this.learn(forgotten);
  }

  private async learn(forgotten: Forgotten): Promise<void> {
    const { floor, mayLead } = forgotten;
    const isStuck = !mayLead && !reaches(answerOf(this.partition).last, floor);
    if (this.floor !== null) {
      const { leader } = this.partition.replica.status();
      // It takes part no more, and asks once more, to take over what it lacks.
      if (isStuck && leader === null && this.isAtRest) this.floor = null;
      else this.restrain(floor);
      return;
    }
    const { tail, commit } = isStuck ? await this.tailOf(forgotten) : this.ownPart();
    const hardState = { term: term(forgotten.term + termsAbove), vote: null, commit };
    const write = { partition: this.partition.id, hardState, snapshot: null, entries: tail };
    await this.options.log.append([write], true);
    if (this.isStopped) return;
    this.host.restart(hardState, floor);
    this.floor = floor;
  }

  private get isStopped(): boolean {
    return this.partition.state === 'stopped';
  }

  private restrain(floor: LogPosition): void {
    this.partition.replica.restrain(floor);
    this.floor = floor;
  }

  /** Nothing is put in place of its own log. */
  private ownPart(): Part {
    const { stored, appliedIndex } = this.partition;
    return { tail: [], commit: logIndex(Math.max(appliedIndex, stored.snapshot().index)) };
  }

  /** What to put in place of its own log; what it cannot have, a leader may yet bring. */
  private async tailOf({ term: highest, floor, holder }: Forgotten): Promise<Part> {
    const { id, stored, replica } = this.partition;
    const own = this.ownPart();
    // A log that was damaged may disagree with the commit index it remembers: then it goes on from
    // what is certain.
    const known = logIndex(Math.min(replica.status().commit, stored.lastIndex()));
    for (const commit of known > own.commit ? [known, own.commit] : [own.commit]) {
      const { transport } = this.options;
      const tail = await fetchTail(transport, holder, id, stored, commit, floor);
      // In a term above all that were told somebody leads since, who will bring what is missing.
      if (tail !== null && (tail.at(-1)?.term ?? 0) <= highest) return { tail, commit };
    }
    return own;
  }

  /**
   * Null when one of the voters did not answer, or too many of them are corrupt, or the replica has
   * lost even its membership, so that it does not know whom to ask: then it must be removed from
   * the partition and added again.
   */
  private async askAll(): Promise<Forgotten | null> {
    const own = answerOf(this.partition);
    const answers = new Map<NodeName, InquiryAnswer>([[this.options.self, own]]);
    let next = unasked(answers);
    if (own.conf.voters.length === 0) return null;
    while (next.length > 0) {
      const found = await Promise.all(next.map((voter) => this.askOne(voter)));
      for (const [at, voter] of next.entries()) {
        const answer = found[at] ?? null;
        if (answer === null) return null;
        answers.set(voter, answer);
      }
      next = unasked(answers);
    }
    if (!mayBeKnown(answers)) return null;
    let highest = own.term;
    let [holder, most] = [this.options.self, own];
    for (const [name, answer] of answers) {
      highest = term(Math.max(highest, answer.term));
      const isAsMuch = reaches(answer.last, most.last);
      const isMore = isAsMuch && !reaches(most.last, answer.last);
      if (isMore || (isAsMuch && !isVoter(holder, most) && isVoter(name, answer))) {
        [holder, most] = [name, answer];
      }
    }
    return { term: highest, floor: most.last, holder, mayLead: isVoter(holder, most) };
  }

  private askOne(voter: NodeName): Promise<InquiryAnswer | null> {
    const frame = encodeInquiry(this.partition.id);
    return inquire(this.options.transport, voter, frame, decodeInquiryAnswer);
  }

  private isWhole(floor: LogPosition): boolean {
    const { stored, state } = this.partition;
    const index = stored.lastIndex();
    const lastTerm = stored.termAt(index);
    return state === 'corrupt' && lastTerm !== null && reaches({ index, term: lastTerm }, floor);
  }

  private heal(): void {
    if (this.healing) return;
    this.healing = true;
    const { stored, replica } = this.partition;
    const { term: at, vote, commit } = replica.status();
    // The core may know of more than has been given to the log.
    const hardState = { term: at, vote, commit: logIndex(Math.min(commit, stored.lastIndex())) };
    this.options.log
      .heal(this.partition.id, hardState)
      .then(
        () => this.host.onHealed(),
        (error: unknown) => this.host.onLogFailed(error),
      )
      .catch((error: unknown) => this.host.onFailed(error));
  }
}

/** What this node's replica tells one that has forgotten. */
export function answerOf(partition: Partition): InquiryAnswer {
  const { term: at, confInForce: conf, lastIndex: index, lastTerm } = partition.replica.status();
  const damage = partition.refill?.damage ?? null;
  return { term: at, conf, last: { index, term: lastTerm }, damage };
}

const halvesOf = ({ conf }: InquiryAnswer): (readonly NodeName[])[] => [
  conf.voters,
  conf.votersOutgoing,
];

const isVoter = (name: NodeName, answer: InquiryAnswer): boolean =>
  halvesOf(answer).some((voters) => voters.includes(name));

/** Voters of any configuration that somebody knows of, as far as they have not answered yet. */
function unasked(answers: ReadonlyMap<NodeName, InquiryAnswer>): NodeName[] {
  const voters = [...answers.values()].flatMap(halvesOf).flat();
  return [...new Set(voters)].filter((voter) => !answers.has(voter));
}

/** True when every quorum of every configuration has a replica that is not corrupt. */
function mayBeKnown(answers: ReadonlyMap<NodeName, InquiryAnswer>): boolean {
  const isCorrupt = (voter: NodeName): boolean => answers.get(voter)?.damage === 'corrupt';
  return [...answers.values()]
    .flatMap(halvesOf)
    .every((voters) => voters.filter(isCorrupt).length <= voters.length / 2);
}
