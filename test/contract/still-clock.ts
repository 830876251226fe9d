import type { Clock } from '@metad/foundation';

/** Time that only passes when somebody waits for it: after() calls back at once. */
export const stillClock: Clock = {
  now: () => 0,
  monotonic: () => 0,
  after: (_delayMs, callback) => {
    queueMicrotask(callback);
    return () => undefined;
  },
};
