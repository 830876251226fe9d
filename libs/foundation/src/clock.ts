/** Time as an input. Adapters: the real one in `src/app`, virtual time in the simulation. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch; may jump. */
  now(): number;
  /** Monotonic milliseconds from an arbitrary origin; never goes back. */
  monotonic(): number;
  /** Calls `callback` once after `delayMs`; returns a function that cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}
