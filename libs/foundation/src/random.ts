/** Chance as an input: a seeded generator (xoshiro128**), so that every run can be repeated. */
export interface Random {
  /** Uniform integer in [0, bound). `bound` is 1 … 2³². */
  below(bound: number): number;
  /** Uniform in [0, 1). */
  fraction(): number;
}

/** Spreads a 32-bit seed over the four words of the generator's state (splitmix32). */
function spread(seed: number): [number, number, number, number] {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  return [next(), next(), next(), next()];
}

const rotateLeft = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

/** A generator whose whole sequence is determined by `seed` (any integer). */
export function seededRandom(seed: number): Random {
  let [a, b, c, d] = spread(seed);
  const word = (): number => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return result;
  };
  const fraction = (): number => word() / 0x1_0000_0000;
  return { fraction, below: (bound) => Math.floor(fraction() * bound) };
}
