/**
 * What a client did against the protocol, in the words that `-ERR` says to it. It ends the
 * connection, as on a real server: where the next operation would begin is no longer known.
 */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation';

  constructor(readonly text: string) {
    super(text);
  }
}
