import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { logIndex, nodeName } from '@metad/foundation';
import { PeerProgress } from './peer-progress.js';

const kind = fc.constantFrom(
  'send' as const,
  'acknowledge' as const,
  'refuse' as const,
  'unreachable' as const,
  'snapshot' as const,
  'reported' as const,
);
const op = fc.record({ kind, at: fc.nat(40), hint: fc.nat(40) });

describe('what a leader knows about a peer', () => {
  it('never forgets a match, sends only what follows it, and can always go on', () => {
    fc.assert(
      fc.property(fc.array(op, { maxLength: 60 }), (ops) => {
        const window = { inflightAppendsMax: 4, inflightBytesMax: 1_000 };
        const peer = new PeerProgress(nodeName('n2'), logIndex(1), true, false, window);
        let match = 0;
        for (const { kind: what, at, hint } of ops) {
          if (what === 'send' && !peer.isPaused()) peer.sent(logIndex(peer.next + at), 10);
          if (what === 'acknowledge') {
            expect(peer.acknowledge(logIndex(at))).toBe(at > match);
            match = Math.max(match, at);
            if (peer.state === 'replicate') peer.inflights.freeTo(logIndex(at));
            else if (peer.state === 'probe') peer.becomeReplicate();
          }
          if (what === 'refuse') peer.backOff(logIndex(at), logIndex(hint));
          if (what === 'unreachable' && peer.state === 'replicate') peer.becomeProbe();
          if (what === 'snapshot') peer.becomeSnapshot(logIndex(at));
          if (what === 'reported' && peer.state === 'snapshot') peer.becomeProbe();
          expect(peer.match).toBe(match);
          expect(peer.next).toBeGreaterThan(peer.match);
          expect(peer.snapshotIndex > 0).toBe(peer.state === 'snapshot' && peer.snapshotIndex > 0);
          if (peer.state !== 'replicate') expect(peer.inflights.count).toBe(0);
        }
      }),
    );
  });

  it('narrows down where the logs agree with every refusal that is not an old one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), fc.nat(60), (next, hint) => {
        const window = { inflightAppendsMax: 4, inflightBytesMax: 1_000 };
        const peer = new PeerProgress(nodeName('n2'), logIndex(next), true, false, window);
        expect(peer.backOff(logIndex(next), logIndex(hint))).toBe(false);
        expect(peer.next).toBe(next);
        expect(peer.backOff(logIndex(next - 1), logIndex(hint))).toBe(true);
        expect(peer.next).toBeLessThan(next);
        expect(peer.next).toBeGreaterThan(0);
      }),
    );
  });
});
