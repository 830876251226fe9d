/**
 * Where nothing is known of earlier runs, Jest begins with the largest files, and ends with a long
 * suite that keeps one worker busy while the other has nothing left. So those that take long come
 * first, the longest in front; the rest in Jest's own order.
 */
import { createRequire } from 'node:module';

// As Jest finds it: it is no dependency of ours.
const fromJest = createRequire(import.meta.resolve('jest'));
const fromCore = createRequire(fromJest.resolve('@jest/core'));
const { default: Sequencer } = fromCore('@jest/test-sequencer');

const LONG = [
  'test/conformance/contract',
  'test/integration/cli-verbs',
  'test/integration/client-watch-failover',
  'test/integration/raft-pause',
  'test/integration/projection-kills',
  'test/integration/once-only',
  'test/integration/rolling-restart',
  'test/integration/projection-faults',
  'test/integration/projection-database',
  'test/integration/drain-and-health',
  'test/integration/cli-',
  'test/integration/main-job',
  'test/integration/outages',
  'test/integration/secured-node',
  'test/conformance/ways',
  'test/integration/',
  'test/simulation/',
];

const rankOf = (path) => {
  const rank = LONG.findIndex((name) => path.includes(name));
  return rank < 0 ? LONG.length : rank;
};

export default class LongestFirst extends Sequencer {
  async sort(tests) {
    const sorted = await super.sort(tests);
    return [...sorted].sort((a, b) => rankOf(a.path) - rankOf(b.path));
  }
}
