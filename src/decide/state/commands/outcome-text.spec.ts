import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { StoredRecord } from '@metad/eventsourcing';
import type { Outcome } from '../../outcome.js';
import { outcomes, records } from '../../testing/arbitrary-outcome.js';
import { outcomeText, readOutcome, readOutcome3 } from './outcome-text.js';

const asJson = (body: unknown): unknown => JSON.parse(JSON.stringify(body));

const refusals: fc.Arbitrary<Outcome> = fc
  .tuple(outcomes, fc.option(records), fc.string())
  .map(([{ index, time }, record, message]) => {
    const rejection = { code: 'NOT_FOUND', rule: 'there', message, details: { message } } as const;
    return { accepted: false, index, time, rejection, record };
  });

/** What the row keeps. */
const inBrief = (outcome: Outcome): Outcome =>
  outcome.accepted
    ? { ...outcome, events: [], record: null }
    : { ...outcome, rejection: { ...outcome.rejection, message: '' }, record: null };

/** As most records are: changed by the very entry. */
const changedHere = (outcome: Outcome): Outcome => {
  if (!outcome.accepted || outcome.record === null) return outcome;
  const { index, time, record, version, fence } = outcome;
  const changed: StoredRecord = { ...record, version, fence, index, updatedAt: time };
  return { ...outcome, record: { ...changed, expiresAt: null } };
};

describe('the text of an outcome', () => {
  it('is read back, with its row, as the outcome that was remembered', () => {
    fc.assert(
      fc.property(fc.oneof(outcomes, refusals), fc.boolean(), (drawn, isOfEntry) => {
        const outcome = isOfEntry ? changedHere(drawn) : drawn;
        expect(readOutcome(outcomeText(outcome), inBrief(outcome))).toEqual(asJson(outcome));
      }),
    );
  });

  it('is read as older images have it', () => {
    fc.assert(
      fc.property(fc.oneof(outcomes, refusals), (outcome) => {
        expect(readOutcome3(JSON.stringify(outcome))).toEqual(asJson(outcome));
        if (!outcome.accepted || outcome.record === null) return;
        const { value, ...rest } = outcome.record;
        if (value !== outcome.events.at(-1)?.data) return;
        const text = JSON.stringify({ ...outcome, record: rest });
        expect(readOutcome3(text)).toEqual(asJson(outcome));
      }),
    );
  });
});
