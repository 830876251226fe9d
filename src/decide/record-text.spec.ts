import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { partitionId } from '@metad/foundation';
import { KINDS } from '../kinds/index.js';
import { toCommandReply, toRecordBody } from './outcome.js';
import { recordText, replyParts } from './record-text.js';
import { outcomes, records } from './testing/arbitrary-outcome.js';

const asJson = (body: unknown): unknown => JSON.parse(JSON.stringify(body));

describe('text put together from texts', () => {
  it('is the JSON of the record as clients see it', () => {
    fc.assert(
      fc.property(records, (drawn) => {
        const text = recordText(drawn, KINDS);
        expect(JSON.parse(text)).toEqual(asJson(toRecordBody(drawn, KINDS)));
        expect(namesIn(text).length).toBe(new Set(namesIn(text)).size);
      }),
    );
  });

  it('is the JSON of the reply', () => {
    const scope = { incarnation: 'c7f3', partition: partitionId(3) };
    fc.assert(
      fc.property(outcomes, fc.boolean(), (drawn, duplicate) => {
        const reply = toCommandReply({ outcome: drawn, duplicate }, scope, KINDS);
        const text = replyParts(drawn, duplicate, scope, KINDS).join('');
        expect(JSON.parse(text)).toEqual(asJson(reply));
      }),
    );
  });
});

/** Names of the outermost object, repetitions included. */
function namesIn(text: string): string[] {
  const names: string[] = [];
  let depth = 0;
  for (const token of text.matchAll(/"(?:[^"\\]|\\.)*"(:?)|[[\]{}]/g)) {
    if ('[{'.includes(token[0])) depth += 1;
    else if (']}'.includes(token[0])) depth -= 1;
    else if (depth === 1 && token[1] === ':') names.push(token[0]);
  }
  return names;
}
