import { describe, expect, it } from '@jest/globals';
import { isAnswerable, isInbox } from './inbound.js';

describe('where an answer may go', () => {
  it.each(['_INBOX.a.1', '_INBOX_ops.x', '_R_.Gm3dUa.TzqT2b', '_R_.Gm3dUa', 'acme.inbox.7'])(
    'is an inbox, what stands for one of another account, or what is configured: %s',
    (subject) => expect(isAnswerable(subject, 'acme.inbox')).toBe(true),
  );

  it.each([
    ...['_R_', '_R_.', '_R_x.y', '_R_.a b', '_R_.*', '_R_.>', 'x._R_.y', '_INBOX', '_INBOX.>'],
    ...['metad.v1.cmd.prod.PlaceTenant', 'acme.inbox', 'acme.inboxes.7', '$SYS.REQ', ''],
  ])('is nothing else: %p', (subject) => {
    expect(isAnswerable(subject, 'acme.inbox')).toBe(false);
    expect(isAnswerable(subject, null)).toBe(false);
  });

  it('is an inbox alone where events are sent for as long as a watch lasts', () => {
    expect(isInbox('_R_.Gm3dUa.TzqT2b', null)).toBe(false);
  });
});
