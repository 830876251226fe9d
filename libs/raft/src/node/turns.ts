/**
 * Gives way to the event loop: `next` runs the callback in a later turn, after input that has
 * already arrived. A port, so that a simulation decides the order of turns.
 */
export interface Turns {
  next(callback: () => void): void;
}

/** The turns of this process: the check phase, right after pending I/O. */
export const immediateTurns: Turns = {
  next: (callback) => {
    setImmediate(callback);
  },
};
