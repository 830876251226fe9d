import { describe, expect, it } from '@jest/globals';
import { ADMIN_VERBS } from './admin-verbs.js';

/** In the contract, and not in this version of the service. */
const LATER = [
  ...['member add', 'member promote', 'member remove', 'partition split', 'partition merge'],
  ...['backup create', 'backup verify', 'backup restore'],
];

describe('verbs of what comes later', () => {
  it('are the ones that say what to do until then', () => {
    const hinting = ADMIN_VERBS.filter(({ untilThen }) => untilThen !== undefined);
    expect(hinting.map(({ noun, verb }) => `${noun} ${verb}`)).toEqual(LATER);
  });
});
