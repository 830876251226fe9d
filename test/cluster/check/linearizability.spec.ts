import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '@metad/foundation';
import { checkLinearizable } from './linearizability.js';
import type { Model, Operation } from './linearizability.js';

/** A register with compare-and-set: small enough to see what the checker should say. */
type Input = { read: true } | { write: number } | { from: number; to: number };
type Output = number | boolean;
type Op = Operation<Input, Output>;

const register: Model<number, Input, Output> = {
  initial: 0,
  step: (state, input, output) => {
    if ('read' in input) return output === undefined || output === state ? state : null;
    if ('write' in input) return input.write;
    const fits = state === input.from;
    if (output === undefined) return fits ? input.to : state;
    return output === fits ? (fits ? input.to : state) : null;
  },
  keyOf: String,
};

const read = (calledAt: number, returnedAt: number, value: number): Op => ({
  input: { read: true },
  output: value,
  calledAt,
  returnedAt,
});
const write = (calledAt: number, returnedAt: number, value: number): Op => ({
  input: { write: value },
  output: true,
  calledAt,
  returnedAt,
});
const lost = (calledAt: number, input: Input): Op => ({ input, calledAt, returnedAt: Infinity });
const verdict = (...operations: Op[]): string => checkLinearizable(register, operations).kind;

describe('a history is linearizable when', () => {
  it('nothing overlaps and every read sees the last write', () => {
    expect(verdict(write(0, 1, 1), read(2, 3, 1), write(4, 5, 2), read(6, 7, 2))).toBe(
      'linearizable',
    );
  });

  it('a read beside a write sees the old or the new value', () => {
    expect(verdict(write(0, 10, 1), read(2, 3, 0))).toBe('linearizable');
    expect(verdict(write(0, 10, 1), read(2, 3, 1))).toBe('linearizable');
  });

  it('a write of unknown outcome takes effect late, or never', () => {
    expect(verdict(lost(0, { write: 1 }), read(1, 2, 0), read(100, 101, 1))).toBe('linearizable');
    expect(verdict(lost(0, { write: 1 }), read(1, 2, 0), read(100, 101, 0))).toBe('linearizable');
  });

  it('two writes of unknown outcome took effect in either order', () => {
    const both = [lost(0, { write: 1 }), lost(0, { write: 2 })];
    expect(verdict(...both, read(5, 6, 2), read(7, 8, 1))).toBe('linearizable');
    expect(verdict(...both, read(5, 6, 1), read(7, 8, 2))).toBe('linearizable');
  });
});

describe('a history is a violation when', () => {
  it('a read returns the past', () => {
    expect(verdict(write(0, 1, 1), write(2, 3, 2), read(4, 5, 1))).toBe('violation');
  });

  it('an acknowledged write is lost', () => {
    expect(verdict(write(0, 1, 1), read(2, 3, 0))).toBe('violation');
  });

  it('two reads see a write and then do not', () => {
    expect(verdict(write(0, 10, 1), read(1, 2, 1), read(3, 4, 0))).toBe('violation');
  });

  it('two compare-and-sets of the same value both win', () => {
    const win = (calledAt: number): Op => ({
      input: { from: 0, to: 1 },
      output: true,
      calledAt,
      returnedAt: 10,
    });
    expect(verdict(win(0), win(1))).toBe('violation');
  });

  it('a write of unknown outcome takes effect twice', () => {
    const history = [lost(0, { write: 1 }), read(1, 2, 1), write(3, 4, 2), read(5, 6, 1)];
    expect(verdict(...history)).toBe('violation');
  });

  it('a write of unknown outcome is seen before it was called', () => {
    expect(verdict(read(0, 1, 1), lost(2, { write: 1 }))).toBe('violation');
  });

  it('says how far an order was found and what did not fit', () => {
    const broken = read(4, 5, 1);
    const found = checkLinearizable(register, [write(0, 1, 1), write(2, 3, 2), broken]);
    expect(found).toMatchObject({ kind: 'violation', stuckAt: broken });
    expect(found.kind === 'violation' && found.longest.length).toBe(2);
  });
});

describe('the search', () => {
  it('gives up where told to, and then claims nothing', () => {
    const open = Array.from({ length: 12 }, (_, at) => lost(0, { write: at + 1 }));
    const found = checkLinearizable(register, [...open, read(1, 2, 99)], 1_000);
    expect(found).toEqual({ kind: 'undecided', steps: 1_000 });
  });

  it('agrees with trying every order, on random histories', () => {
    for (let seed = 1; seed <= 400; seed += 1) {
      const history = randomHistory(seed);
      const expected = tryAll(register.initial, history, []) ? 'linearizable' : 'violation';
      expect({ seed, kind: checkLinearizable(register, history).kind }).toEqual({
        seed,
        kind: expected,
      });
    }
  });

  it('accepts 150 operations of 10 clients', () => {
    expect(checkLinearizable(register, busyHistory(150, 10)).kind).toBe('linearizable');
  });
});

function randomHistory(seed: number): Op[] {
  const random = seededRandom(seed);
  return Array.from({ length: 6 }, () => {
    const calledAt = random.below(12);
    const returnedAt = calledAt + 1 + random.below(6);
    const value = random.below(3);
    switch (random.below(5)) {
      case 0:
        return lost(calledAt, { write: value });
      case 1:
        return write(calledAt, returnedAt, value);
      case 2: {
        const input = { from: random.below(2), to: value };
        return { input, output: random.below(2) === 0, calledAt, returnedAt };
      }
      default:
        return read(calledAt, returnedAt, value);
    }
  });
}

/** The definition itself: some order that respects time and the model, without cleverness. */
function tryAll(state: number, rest: readonly Op[], done: readonly Op[]): boolean {
  if (rest.every((operation) => operation.output === undefined)) return true;
  return rest.some((operation) => {
    const others = rest.filter((other) => other !== operation);
    if (others.some((other) => other.returnedAt < operation.calledAt)) return false;
    const next = register.step(state, operation.input, operation.output);
    return next !== null && tryAll(next, others, [...done, operation]);
  });
}

/** Clients that overlap all the time; each operation takes effect in the middle of its interval. */
function busyHistory(count: number, clients: number): Op[] {
  const random = seededRandom(7);
  let state = 0;
  return Array.from({ length: count }, (_, at): Op => {
    const middle = at * 10;
    const calledAt = middle - random.below(clients * 5);
    const returnedAt = middle + 1 + random.below(clients * 5);
    if (random.below(2) === 0) return read(calledAt, returnedAt, state);
    state = at;
    return write(calledAt, returnedAt, at);
  });
}
