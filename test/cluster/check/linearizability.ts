/**
 * Decides whether the history of one record is linearizable: whether every operation can be given
 * one moment between its call and its return so that the model, taking them in that order, gives
 * the answers that were seen. The search is Wing and Gong's with Lowe's memoisation ("Testing for
 * linearizability", 2017): operations are linearized one after the other, and a set of linearized
 * operations that has led to the same state before is not tried again.
 *
 * An operation whose outcome is unknown has no return: it may take effect at any time after its
 * call, or never. The cost grows steeply with the operations that are open at the same time, so a
 * history is kept below about 150 operations and 10 clients, and `stepsMax` bounds the search.
 */
export interface Operation<Input, Output> {
  readonly input: Input;
  /** Undefined when the outcome is unknown. */
  readonly output?: Output;
  /** Milliseconds on one monotonic clock. */
  readonly calledAt: number;
  /** Infinity when the outcome is unknown. */
  readonly returnedAt: number;
}

export interface Model<State, Input, Output> {
  readonly initial: State;
  /**
   * The state after `input` if `output` can be its answer at `state`; null if it cannot. Without
   * an output: the state after `input` took effect, whatever the answer was.
   */
  step(state: State, input: Input, output: Output | undefined): State | null;
  /** Equal texts for equal states. */
  keyOf(state: State): string;
}

export type Verdict<Input, Output> =
  | { readonly kind: 'linearizable' }
  | {
      readonly kind: 'violation';
      /** The longest order found, and the operation that returned without fitting behind it. */
      readonly longest: readonly Operation<Input, Output>[];
      readonly stuckAt: Operation<Input, Output> | null;
    }
  /** The search was given up: neither a pass nor a failure. */
  | { readonly kind: 'undecided'; readonly steps: number };

interface Node {
  /** Index of the operation; its return when `isReturn`. */
  readonly at: number;
  readonly isReturn: boolean;
  previous: Node | null;
  next: Node | null;
  /** Of a call: its return; null when the outcome is unknown. */
  match: Node | null;
}

const stepsMaxDefault = 5_000_000;

export function checkLinearizable<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  stepsMax = stepsMaxDefault,
): Verdict<Input, Output> {
  return new Search(model, operations, stepsMax).run();
}

class Search<State, Input, Output> {
  private readonly head: Node;
  private readonly linearized: Uint8Array;
  private readonly seen = new Set<string>();
  private readonly stack: { node: Node; state: State }[] = [];
  private state: State;
  /** Operations with a known outcome that are not linearized yet. */
  private left: number;
  private longest: number[] = [];
  private stuckAt: number | null = null;

  constructor(
    private readonly model: Model<State, Input, Output>,
    private readonly operations: readonly Operation<Input, Output>[],
    private readonly stepsMax: number,
  ) {
    this.head = timeline(operations);
    this.linearized = new Uint8Array(Math.ceil(operations.length / 8));
    this.state = model.initial;
    this.left = operations.filter((operation) => known(operation)).length;
  }

  run(): Verdict<Input, Output> {
    let node = this.head.next;
    for (let steps = 0; steps < this.stepsMax; steps += 1) {
      if (this.left === 0) return { kind: 'linearizable' };
      if (node !== null && !node.isReturn) {
        node = this.tryCall(node) ? this.head.next : node.next;
        continue;
      }
      // A return whose call found no place in front of it (or the end): go back one choice.
      this.note(node);
      const choice = this.stack.pop();
      if (!choice) return this.violation();
      this.undo(choice.node, choice.state);
      node = choice.node.next;
    }
    return { kind: 'undecided', steps: this.stepsMax };
  }

  private tryCall(node: Node): boolean {
    const operation = this.operations[node.at] as Operation<Input, Output>;
    const next = this.model.step(this.state, operation.input, operation.output);
    if (next === null) return false;
    this.flip(node.at);
    const memory = `${String.fromCharCode(...this.linearized)}|${this.model.keyOf(next)}`;
    if (this.seen.has(memory)) {
      this.flip(node.at);
      return false;
    }
    this.seen.add(memory);
    this.stack.push({ node, state: this.state });
    this.state = next;
    if (node.match) this.left -= 1;
    lift(node);
    return true;
  }

  private undo(node: Node, state: State): void {
    this.state = state;
    this.flip(node.at);
    if (node.match) this.left += 1;
    unlift(node);
  }

  private flip(at: number): void {
    this.linearized[at >> 3]! ^= 1 << (at & 7);
  }

  private note(node: Node | null): void {
    if (this.stack.length < this.longest.length) return;
    this.longest = this.stack.map((choice) => choice.node.at);
    this.stuckAt = node?.at ?? null;
  }

  private violation(): Verdict<Input, Output> {
    const at = (index: number): Operation<Input, Output> =>
      this.operations[index] as Operation<Input, Output>;
    return {
      kind: 'violation',
      longest: this.longest.map(at),
      stuckAt: this.stuckAt === null ? null : at(this.stuckAt),
    };
  }
}

const known = (operation: Operation<unknown, unknown>): boolean =>
  operation.output !== undefined && operation.returnedAt !== Infinity;

/** Calls and returns in order of time; at the same moment calls come first, which permits more. */
function timeline(operations: readonly Operation<unknown, unknown>[]): Node {
  const events: { time: number; node: Node }[] = [];
  operations.forEach((operation, at) => {
    const call: Node = { at, isReturn: false, previous: null, next: null, match: null };
    events.push({ time: operation.calledAt, node: call });
    if (!known(operation)) return;
    call.match = { at, isReturn: true, previous: null, next: null, match: null };
    events.push({ time: operation.returnedAt, node: call.match });
  });
  events.sort((a, b) => a.time - b.time || Number(a.node.isReturn) - Number(b.node.isReturn));
  const head: Node = { at: -1, isReturn: false, previous: null, next: null, match: null };
  let last = head;
  for (const { node } of events) {
    last.next = node;
    node.previous = last;
    last = node;
  }
  return head;
}

/** Takes a call and its return out of the list. */
function lift(call: Node): void {
  unlink(call);
  if (call.match) unlink(call.match);
}

/** Puts back what `lift` took out: in the opposite order, so that neighbours fit again. */
function unlift(call: Node): void {
  if (call.match) link(call.match);
  link(call);
}

function unlink(node: Node): void {
  if (node.previous) node.previous.next = node.next;
  if (node.next) node.next.previous = node.previous;
}

function link(node: Node): void {
  if (node.previous) node.previous.next = node;
  if (node.next) node.next.previous = node;
}
